"""One unit, everybody at once, over HTTP: the claim's whole path as customers meet it.

    python -m bench claim_http [--clients 64] [--seconds 5]

Two API processes on PostgreSQL; exactly one client may win. Put it beside `python -m bench claim` of the same minute.
"""

import argparse
import http.client
import threading
import time
from collections import Counter

from . import served
from .completion import post
from .seed import flash_sale

RESERVATIONS = "/api/v1/promotions/promo-reservations/"


def main() -> None:
    """Seed, serve, drive, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    sale = flash_sale(customers=options.clients, units=1)
    answers: Counter[str] = Counter()
    with served.api() as port:
        until = time.monotonic() + options.seconds

        def client(token: str) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            while time.monotonic() < until:
                status, answer = post(connection, RESERVATIONS, {"promo": str(sale.promo_id)}, token)
                answers[answer.get("code", f"reserved {status}")] += 1

        clients = [threading.Thread(target=client, args=(token,)) for token in sale.tokens]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
    total = sum(answers.values())
    rate, winners = total / options.seconds, answers["reserved 201"]
    print(f"{options.clients} clients: {rate:.0f} attempts/s over HTTP, {winners} winner")
    for answer, count in answers.most_common():
        print(f"  {answer}: {count}")
