"""Reserve and complete over HTTP on PostgreSQL: requests a second, queries per request.

python -m bench.completion [--sales 2000] [--clients 8]
"""

import argparse
import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from . import served
from .seed import flash_sale


@dataclass
class Tally:
    """What the clients saw."""

    reserve: list[float] = field(default_factory=list)
    complete: list[float] = field(default_factory=list)
    refused: int = 0


def main() -> None:
    """Seed, serve, drive, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    sale = flash_sale(customers=options.sales, units=options.sales)
    queries = sale.queries_of_one_completion()
    with served.api() as port:
        tally, seconds = drive(port, sale.promo_id, sale.tokens[1:], options.clients)
    report(tally, seconds, queries, options.clients)


def drive(port: int, promo_id: UUID, tokens: list[str], clients: int) -> tuple[Tally, float]:
    """Every customer reserves and completes once, `clients` at a time, each on its own connection."""
    tally = Tally()
    work = itertools.count()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while (index := next(work)) < len(tokens):
            buy(connection, promo_id, tokens[index], tally)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally, time.perf_counter() - started


def buy(connection: http.client.HTTPConnection, promo_id: UUID, token: str, tally: Tally) -> None:
    """One customer's two requests."""
    started = time.perf_counter()
    status, answer = post(connection, "/api/v1/promotions/promo-reservations/", {"promo": str(promo_id)}, token)
    tally.reserve.append(time.perf_counter() - started)
    if status not in {200, 201}:
        tally.refused += 1
        return
    started = time.perf_counter()
    path = f"/api/v1/promotions/promo-reservations/{answer['id']}/complete/"
    status, answer = post(connection, path, {}, token)
    tally.complete.append(time.perf_counter() - started)
    tally.refused += status != 200


def post(connection: http.client.HTTPConnection, path: str, body: object, token: str) -> tuple[int, dict]:  # type: ignore[type-arg]
    """One request with a fresh idempotency key."""
    headers = {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": str(uuid4()),
    }  # fmt: skip
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def report(tally: Tally, seconds: float, queries: int, clients: int) -> None:
    """Print."""
    done = len(tally.complete)
    print(f"{clients} clients, {done} sales in {seconds:.1f} s: {done / seconds:.0f} sales/s, {tally.refused} refused")
    for name, times in (("reserve", tally.reserve), ("complete", tally.complete)):
        times.sort()
        p50, p95 = times[len(times) // 2], times[int(len(times) * 0.95)]
        print(f"  {name}: p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms")
    print(f"  queries of one completion: {queries} (budget 20)")
