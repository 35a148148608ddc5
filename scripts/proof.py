"""`make proof`: random histories of ledger, shelves and shop, many and long, on SQLite and on PostgreSQL.

    make proof [ARGS="--histories 20 --steps 10000 --stock-steps 1000 --shop-steps 300 --seed 7 --only served"]

The same tests as in the suite, which walks 2 of 1,000 steps (of the shelves: 2 of 300, of a shop: 2 of 120). Without a
seed one is drawn and printed; each history has the next number, and a failure names its own. Exit code 1 when a history
fails or stops short.
"""

import argparse
import os
import random
import sys
import time

from scripts import suite

TESTS = [
    "funds/ledger/tests/test_state_machine.py",
    "stores/procurement/tests/test_state_machine.py",
    "purchases/checkout/tests/test_state_machine.py",
]


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=20)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--stock-steps", type=int, default=1_000)
    parser.add_argument("--shop-steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", choices=["embedded", "served"], help="one engine only")
    options = parser.parse_args()
    os.environ.update(
        LEDGER_HISTORIES=str(options.histories),
        LEDGER_STEPS=str(options.steps),
        LEDGER_SEED=str(options.seed),
        STOCK_HISTORIES=str(options.histories),
        STOCK_STEPS=str(options.stock_steps),
        STOCK_SEED=str(options.seed),
        SHOP_HISTORIES=str(options.histories),
        SHOP_STEPS=str(options.shop_steps),
        SHOP_SEED=str(options.seed),
    )
    steps = f"{options.steps} (shelves: {options.stock_steps}, shop: {options.shop_steps}) steps"
    print(f"proof: {options.histories} histories of {steps} from seed {options.seed}", flush=True)
    suite.VAR_DIR.mkdir(exist_ok=True)
    halves = []
    if options.only != "served":
        halves.append(suite.timed(suite.EMBEDDED, suite.on_embedded, TESTS))
    if options.only != "embedded":
        halves.append(suite.timed(suite.SERVED, suite.on_served, TESTS))
    return suite.verdict(halves, services_required=True)


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"proof: {time.monotonic() - started:.0f} s")
    sys.exit(code)
