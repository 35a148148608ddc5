"""kill -9 the embedded server in the middle of a burst of deposits, start it again, repeat every request.

    python -m chaos.kill_embedded [--rounds 5] [--deposits 60]

Every deposit has its own Idempotency-Key and is sent again with it after the restart, acknowledged or not. Then the
wallet must hold each deposit exactly once and the books must balance. Prints a line a round; exit code 1 on a loss.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time

from marketplace.demo.logins import DEMO_PASSWORD
from scripts.shop import PATIENCE, Shop

CUSTOMER = "ana@demo.example"
AMOUNT = "1.00"


def deposited_cents(shop: Shop, bearer: str) -> int:
    """All that ever came into the wallet."""
    _status, answer = shop.ask("/api/v1/funds/", Authorization=bearer)
    return int(answer["wallets"][0]["deposited"]["amount"].replace(".", ""))


def send_all(shop: Shop, bearer: str, keys: list[str]) -> int:
    """Four clients send the deposits; how many were acknowledged."""
    acknowledged: list[str] = []
    waiting = list(reversed(keys))

    def client() -> None:
        while waiting:
            key = waiting.pop()
            body = {"amount": {"amount": AMOUNT, "currency": "MXN"}, "provider": "sandbox"}
            status, _answer = shop.ask("/api/v1/funds/", body, Authorization=bearer, Idempotency_Key=key)
            if status == 202:
                acknowledged.append(key)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    return len(acknowledged)


def play(shop: Shop, number: int, deposits: int) -> bool:
    """One round; whether nothing was lost or doubled."""
    bearer = shop.bearer(CUSTOMER, DEMO_PASSWORD)
    before = deposited_cents(shop, bearer)
    keys = [f"chaos-{os.getpid()}-{number}-{n}" for n in range(deposits)]
    assassin = threading.Timer(random.uniform(0.05, 1.0), shop.end, [signal.SIGKILL])
    assassin.start()
    first = send_all(shop, bearer, keys)
    assassin.join()
    shop.start()
    restarted = time.monotonic()
    again = send_all(shop, bearer, keys)
    while deposited_cents(shop, bearer) - before < deposits * 100 and time.monotonic() - restarted < PATIENCE:
        time.sleep(0.2)
    seconds = time.monotonic() - restarted
    time.sleep(1)  # a doubled one would show now
    got = (deposited_cents(shop, bearer) - before) // 100
    print(
        f"round {number}: {first} of {deposits} acknowledged before the kill, {again} after; "
        f"{got} credited {seconds:.1f} s after the restart"
    )
    return got == deposits == again


def main() -> int:
    """All rounds on one database, then the books."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--deposits", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(folder)
        shop.manage("prepare")
        shop.start()
        rounds = [play(shop, number, options.deposits) for number in range(1, options.rounds + 1)]
        shop.end(signal.SIGTERM)
        balanced = shop.manage("verify_ledger", "--full") == 0
    fine = all(rounds) and balanced
    print("0 lost, 0 doubled, books balanced" if fine else "FAILED")
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
