"""PostgreSQL, Redis and the provider behind a bad network: late, reset, half-closed, refused, silent.

    python -m chaos bad_network [--rate 5] [--seconds 12] [--only postgres redis provider]

API, relay, payments worker and beat reach each of the three through `chaos.proxy`; one fault after the other is played
on one of them while customers bring money in. Every request must be answered within `--longest` seconds, whatever the
answer; without Redis or the provider none may be refused. A minute after the network is well nothing may wait any more,
nothing be lost or doubled. Exit code 1 otherwise.
"""

import argparse
import os
import random
import time
from typing import Final
from urllib.parse import urlsplit

from scripts.openloop import percentile

from . import outcome
from .crowd import Crowd, Floor
from .proxy import CALM, FaultProxy, Faults
from .stage import Stage

BEHIND: Final = {
    "postgres": ("DATABASE_URL",),
    "redis": ("REDIS_URL", "CELERY_BROKER_URL"),
    "provider": ("MERCADOPAGO_API_URL",),
}
FAULTS: Final = {
    "200 ms late": Faults(latency=0.2, jitter=0.05),
    "reset": Faults(reset_after=0),
    "reset in mid-answer": Faults(reset_after=2_000),
    "half-closed": Faults(half_close=True),
    "refused": Faults(reset_after=0, refuse=True),
    "silent, closed after 5 s": Faults(blackhole=True, close_after=5.0),
}


def main(found: Stage) -> int:
    """Every fault on each of the three, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each fault")
    parser.add_argument("--longest", type=float, default=15.0, help="seconds an answer may take")
    parser.add_argument("--only", nargs="+", choices=sorted(BEHIND), default=list(BEHIND))
    options = parser.parse_args()
    proxies = {name: put_between(found, name) for name in BEHIND}
    Floor(found)
    crowd = Crowd(found.api_port)
    crowd.warm_up()
    accepted, fine = crowd.accepted, True
    for name in options.only:
        for fault in FAULTS:
            crowd = Crowd(found.api_port)
            fine = play(proxies[name], crowd, name, fault, options) and fine
            accepted += crowd.accepted
    fine = outcome.is_right(found, accepted=accepted) and fine
    print("answers in time, 0 lost, 0 doubled, books sound" if fine else "FAILED")
    return 0 if fine else 1


def put_between(found: Stage, name: str) -> FaultProxy:
    """A proxy before it, for every process that is started from now on; this one keeps the straight way."""
    parts = urlsplit(os.environ[BEHIND[name][0]])
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = found.stack.enter_context(FaultProxy(parts.hostname, parts.port, seed=random.randrange(10**6)))
    for variable in BEHIND[name]:
        os.environ[variable] = proxy.through(os.environ[variable])
    return proxy


def play(proxy: FaultProxy, crowd: Crowd, name: str, fault: str, options: argparse.Namespace) -> bool:
    """One fault on one of them; whether it held."""
    crowd.begin(count=int(options.rate * options.seconds), rate=options.rate)
    proxy.play(FAULTS[fault])
    time.sleep(options.seconds)
    proxy.play(CALM)
    crowd.end()
    seconds = outcome.wait_for_all(patience=60)
    times = sorted((*crowd.intents.seconds, *crowd.looks.seconds))
    refused, left = crowd.intents.failed + crowd.looks.failed, outcome.waiting()
    print(
        f"{name}, {fault}: {len(times)} requests, {refused} refused {dict(crowd.intents.statuses)}, p95 "
        f"{percentile(times, 0.95):.0f} ms, longest {times[-1]:.1f} s; all credited {seconds:.1f} s after"
        f"{f', {left} STILL WAITING' if left else ''}",
        flush=True,
    )
    unanswered = crowd.intents.statuses[0] + crowd.looks.statuses[0]
    may_refuse = name == "postgres"
    return not left and not unanswered and times[-1] <= options.longest and (may_refuse or not refused)
