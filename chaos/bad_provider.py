"""A provider that is slow, resets, half-closes, fails or accepts and says nothing, for some time each, under intents.

    python -m chaos bad_provider [--rate 10] [--seconds 20]

The circuit must open at most 10 s after it begins, the web must not notice (p95 < 500 ms), customers see their deposit
as being processed, nothing may be charged twice, and everything completes once the provider is well. Exit code 1
otherwise.
"""

import argparse
import json
import time
import urllib.request
from typing import Any, Final

from funds.payments import circuits
from funds.payments.models import ProviderCircuit
from scripts.openloop import percentile

from . import outcome
from .crowd import Crowd, Floor
from .stage import Stage

GOAL_OPEN: Final = 10.0
GOAL_P95_MS: Final = 500.0
PROCESSING: Final = {"created", "preference_ready", "pending"}
FAULTS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("slow: 30 s", {"kind": "delay", "seconds": 30.0}),
    ("connections reset", {"kind": "reset"}),
    ("half-closed connections", {"kind": "half_close"}),
    ("500", {"kind": "status", "status": 500}),
    ("accepts, then times out", {"kind": "hang", "after": True, "seconds": 30.0}),
    ("accepts, then resets", {"kind": "reset", "after": True}),
]


def main(found: Stage) -> int:
    """Every fault in turn, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each fault")
    options = parser.parse_args()
    Floor(found)
    crowd = Crowd(found.api_port)
    crowd.warm_up()
    accepted, fine = crowd.accepted, True
    for name, fault in FAULTS:
        crowd = Crowd(found.api_port)
        fine = play(found, crowd, name, fault, options) and fine
        accepted += crowd.accepted
    fine = outcome.is_right(found, accepted=accepted) and fine
    print("0 refused, 0 lost, 0 doubled, books sound" if fine else "FAILED")
    return 0 if fine else 1


def play(found: Stage, crowd: Crowd, name: str, fault: dict[str, Any], options: argparse.Namespace) -> bool:
    """One fault; whether everything held."""

    crowd.begin(count=int(options.rate * options.seconds), rate=options.rate)
    began = time.monotonic()
    found.fake.misbehave(**fault)
    opened = wait_for_open_circuit(began, options.seconds)
    shown = newest_state(found, crowd)
    crowd.end()
    found.fake.recover()
    seconds = outcome.wait_for_all(patience=300)
    p95 = max(percentile(sorted(tally.seconds), 0.95) for tally in (crowd.intents, crowd.looks))
    left = outcome.waiting()
    print(
        f"{name}: circuit open after {opened:.1f} s; {crowd.intents.failed + crowd.looks.failed} refused, web p95 "
        f"{p95:.0f} ms; the customer sees {shown!r}; all completed {seconds:.1f} s after the recovery",
        flush=True,
    )
    refused = crowd.intents.failed + crowd.looks.failed
    return opened <= GOAL_OPEN and p95 < GOAL_P95_MS and not refused and not left and shown in PROCESSING


def wait_for_open_circuit(began: float, patience: float) -> float:
    """Seconds until nobody calls any more; infinite when that does not come."""

    while time.monotonic() - began < patience:
        if ProviderCircuit.objects.filter(provider="mercadopago", failures__gte=circuits.FAILURES).exists():
            return time.monotonic() - began
        time.sleep(0.1)
    return float("inf")


def newest_state(found: Stage, crowd: Crowd) -> str:
    """What a customer sees of the deposit asked for last."""
    url = f"http://127.0.0.1:{found.api_port}/api/v1/funds/deposits/"
    with urllib.request.urlopen(urllib.request.Request(url, headers=crowd.bearer(0)), timeout=10) as response:
        deposits = json.loads(response.read())["results"]
    return str(deposits[0]["state"]) if deposits else "nothing"
