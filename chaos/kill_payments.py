"""kill -9 at each crash point of the payment queue, on PostgreSQL + Redis, then everything goes on.

    python -m chaos kill_payments [--rounds 50] [--points 1 2 3 4 5 6 7 8 9] [--seed N]

A round asks for deposits, refunds and withdrawals at once. Whole Celery workers (or the relay, or the process of the
request) come to a stop exactly there and are killed with all their children; then a fresh worker goes on. Counted are
our books and what the fake Mercado Pago (a process that lives on) was really asked for; the sandbox's payouts are
counted by the keys it was given. Recovery is from the kill until the round's last task has ended. Nine rounds in ten
run with a lease of 2 s to save time, the tenth with the product's own. Exit code 1 on a loss or a recovery over 15 s.
"""

import argparse
import random
import time

from bench import served

from .rounds import Rounds
from .score import Score
from .stage import Stage


def main(found: Stage) -> int:
    """All points on one database, then the books."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--points", type=int, nargs="+", default=list(range(1, 10)), choices=range(1, 10))
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with served.api(port=found.api_port):
        fine = play(found, options.points, options.rounds, random.Random(options.seed))
    print("0 lost, 0 doubled, books sound" if fine else f"FAILED (seed {options.seed})")
    return 0 if fine else 1


def play(found: Stage, points: list[int], rounds: int, dice: random.Random) -> bool:
    """Every point; whether nothing was lost or doubled and the books are sound."""
    fine = True
    with Rounds(found, dice) as ring:
        for point in points:
            score = Score()
            started = time.monotonic()
            for number in range(rounds):
                ring.play(point, number, score)
            print(f"{score.line(point)} ({time.monotonic() - started:.0f} s)", flush=True)
            fine = fine and not score.lost and not score.doubled and max(score.quick + score.own_lease) <= 15.0
        fine = ring.counts_are_right() and fine
    return found.manage("verify_ledger", "--full") == 0 and fine
