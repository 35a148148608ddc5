"""FLUSHALL, then kill -9 and restart of Redis, under a load of deposit intents over HTTP.

    python -m chaos redis_gone [--rate 15] [--seconds 60] [--out 8]

API processes, relay, payments worker and beat as served; the fake Mercado Pago beside them. No call may be refused and
every intent must be credited at most 60 s after Redis is back. Exit code 1 otherwise.
"""

import argparse
import signal
import time
from datetime import UTC, datetime

import redis

from . import outcome
from .crowd import Crowd, Floor
from .stage import Stage

GOAL_SECONDS = 60.0


def main(found: Stage) -> int:
    """Load, faults, counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=15.0)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=float, default=8.0, help="seconds without Redis")
    options = parser.parse_args()
    fine = play(found, options)
    print("0 refused, 0 lost, 0 doubled, books sound" if fine else "FAILED")
    return 0 if fine else 1


def play(found: Stage, options: argparse.Namespace) -> bool:
    """Everything; whether it held."""

    Floor(found)
    crowd = Crowd(found.api_port)
    crowd.warm_up()
    crowd.begin(count=int(options.rate * options.seconds), rate=options.rate)
    time.sleep(options.seconds / 4)
    flushed_at = flush(found)
    time.sleep(options.seconds / 4)
    back_at = kill_and_restart(found, options.out)
    crowd.end()
    outcome.wait_for_all(patience=300)
    after_flush = outcome.slowest(asked_before=flushed_at, since=flushed_at)
    after_return = outcome.slowest(asked_before=back_at, since=back_at)
    print(f"intents: {crowd.intents.line()}")
    print(f"GET funds/: {crowd.looks.line()}")
    print(f"asked before FLUSHALL: the last credited {after_flush:+.1f} s from it")
    print(f"asked before Redis was back: the last credited {after_return:+.1f} s from then")
    print(f"slowest of all from intent to credit: {outcome.slowest():.1f} s")
    is_right = outcome.is_right(found, accepted=crowd.accepted)
    refused = crowd.intents.failed + crowd.looks.failed
    return is_right and not refused and max(after_flush, after_return) <= GOAL_SECONDS


def flush(found: Stage) -> datetime:
    """Every message and every cached answer is gone; when."""
    at = datetime.now(UTC)
    redis.Redis.from_url(found.server.url).flushall()
    print("FLUSHALL", flush=True)
    return at


def kill_and_restart(found: Stage, seconds: float) -> datetime:
    """No Redis for so long; when it was back."""
    found.server.end(signal.SIGKILL)
    print("kill -9", flush=True)
    time.sleep(seconds)
    found.server.start()
    print(f"Redis is back after {seconds:.0f} s", flush=True)
    return datetime.now(UTC)
