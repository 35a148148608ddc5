"""An abandoned hold with every worker stopped: when does the next customer win? Over HTTP on PostgreSQL.

    python -m bench next_customer

Only the API is served: no worker, no beat, no relay. The first customer reserves the only unit and leaves; the second
asks every 50 ms. Takes a minute.
"""

import http.client
import time

from . import served
from .completion import post
from .seed import flash_sale

RESERVATIONS = "/api/v1/promotions/promo-reservations/"
HOLD_SECONDS = 60.0


def main() -> None:
    """Seed, serve, wait, report."""
    sale = flash_sale(customers=2, units=1)
    first, second = sale.tokens
    with served.api(workers=1) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        status, _answer = post(connection, RESERVATIONS, {"promo": str(sale.promo_id)}, first)
        held_at = time.monotonic()
        print(f"first customer: {status}")
        tries = 0
        while True:
            status, answer = post(connection, RESERVATIONS, {"promo": str(sale.promo_id)}, second)
            tries += 1
            if status == 201:
                break
            if tries == 1:
                print(f"second customer: {status} {answer['code']}, {answer['seconds_left']} s left")
            time.sleep(0.05)
    waited = time.monotonic() - held_at
    print(f"second customer: 201 after {tries} tries, {waited - HOLD_SECONDS:+.2f} s from second 60")
