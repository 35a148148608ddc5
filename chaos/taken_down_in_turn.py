"""Intents over HTTP while Redis, the workers and the provider are taken down in turn; then everything is counted.

    python -m chaos taken_down_in_turn [--intents 100000] [--rate 60] [--period 20]

One thing after the other is down for a period (Redis killed; worker, relay and beat killed; the provider resetting
every connection), with a period of health between. No intent may be refused, none lost, none doubled, and GET
`/api/v1/funds/` must answer throughout. Memory is bounded; the drain afterwards is measured. Exit code 1 otherwise.
"""

import argparse
import itertools
import resource
import signal
import time
from collections.abc import Callable

from . import outcome
from .crowd import Crowd, Floor
from .stage import Stage

Step = Callable[[], object]


def main(found: Stage) -> int:
    """Load, faults, drain, counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intents", type=int, default=100_000)
    parser.add_argument("--rate", type=float, default=60.0)
    parser.add_argument("--period", type=float, default=20.0)
    options = parser.parse_args()
    fine = play(found, options)
    print("0 refused, 0 lost, 0 doubled, books sound" if fine else "FAILED")
    return 0 if fine else 1


def play(found: Stage, options: argparse.Namespace) -> bool:
    """Everything; whether it held."""

    floor, crowd = Floor(found), Crowd(found.api_port)
    crowd.warm_up()
    crowd.begin(count=options.intents, rate=options.rate)
    started = time.monotonic()
    for name, take_down, bring_back in itertools.cycle(faults(found, floor)):
        pause(crowd, options.period)
        if not crowd.is_sending:
            break
        take_down()
        print(f"{time.monotonic() - started:5.0f} s: {name} down; {outcome.waiting()} waiting", flush=True)
        pause(crowd, options.period)
        bring_back()
    crowd.end()
    sent, left = time.monotonic() - started, outcome.waiting()
    drained = outcome.wait_for_all(patience=3_600)
    done = max(left - outcome.waiting(), 0)
    print(f"intents: {crowd.intents.line()} in {sent:.0f} s")
    print(f"GET funds/: {crowd.looks.line()}")
    print(f"waiting at the end of the load {left}; drained in {drained:.0f} s ({done / max(drained, 0.1):.0f}/s)")
    print(f"memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    is_right = outcome.is_right(found, accepted=crowd.accepted)
    return is_right and not crowd.intents.failed and not crowd.looks.failed


def faults(found: Stage, floor: Floor) -> list[tuple[str, Step, Step]]:
    """What is taken down, and how it comes back."""

    def kill_workers() -> None:
        for process in (floor.worker, floor.relay, floor.beat):
            process.kill()

    def start_workers() -> None:
        for process in (floor.worker, floor.relay, floor.beat):
            process.start()

    return [
        ("Redis", lambda: found.server.end(signal.SIGKILL), found.server.start),
        ("worker, relay and beat", kill_workers, start_workers),
        ("provider", lambda: found.fake.misbehave("reset"), found.fake.recover),
    ]


def pause(crowd: Crowd, seconds: float) -> None:
    """So long, or until the load has ended."""
    until = time.monotonic() + seconds
    while crowd.is_sending and time.monotonic() < until:
        time.sleep(0.2)
