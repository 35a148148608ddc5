"""A million notifications queued and their workers at work: what a payment then waits for its worker.

    python -m chaos notifications_queued [--count 1000000] [--seconds 60] [--rate 5] [--seed N]

So many customers with proven addresses, three in four with a device; API, relay, workers of every queue and beat as
served. Customers bring money in over HTTP at `--rate` a second, in three blocks: with nothing else to do; with a
broadcast to everybody in the queue; and with a fact of their own for everybody on top, so that the relay, too, has a
million events before it. A payment task's wait is from its row to the first attempt of a worker, by the rows' own
moments. What other contexts tell the payment queue comes through the outbox: a probe, `--rate` times a second, is timed
from its commit to its handled row. With a backlog the 95th percentile of either must stay below a second, messages must
go out meanwhile and still wait at the end of the block; no intent may be refused, each deposit must be credited once,
the books be sound. Exit code 1 otherwise.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bench import served
from funds.payments.models import PaymentAttempt, PaymentTask
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.publishing import publish
from scripts.openloop import percentile
from scripts.services import QUEUE_GROUPS, Program, beat, worker

from . import backlog, outcome
from .crowd import Crowd
from .poison import RELAY
from .poison_events import Probed, probe_payments
from .stage import Stage

GOAL_MS: Final = 1_000.0
PATIENCE: Final = 600.0
PROBE_PATIENCE: Final = 30.0
NEVER: Final = float("inf")
Answer = TypeVar("Answer")


def main(found: Stage) -> int:
    """Settle, three blocks, drain the payments, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each block")
    parser.add_argument("--rate", type=float, default=5.0, help="intents a second")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    timed("customers", lambda: backlog.settle(options.count, options.seed))
    fine = play(found, options)
    print(f"payments did not wait, each credited once (load average {os.getloadavg()[0]:.1f})" if fine else "FAILED")
    return 0 if fine else 1


def play(found: Stage, options: argparse.Namespace) -> bool:
    """Everything; whether it held."""
    found.stack.enter_context(served.api(port=found.api_port))
    found.start(Program("relay", [sys.executable, "-c", RELAY]))
    for name, queues in QUEUE_GROUPS.items():
        found.start(Program(name, [*worker(name, queues).command, "--include", "chaos.poison_events"]))
    found.start(beat())
    crowd = Crowd(found.api_port)
    crowd.warm_up()
    block("nothing queued", crowd, options, queued=0)
    queued = timed("broadcast to everybody queued", backlog.tell_audience)
    fine = block("broadcast", crowd, options, queued=queued)
    queued += timed("a fact for each queued", backlog.tell_each)
    fine = block("broadcast and facts", crowd, options, queued=queued) and fine
    drained = outcome.wait_for_all(patience=PATIENCE)
    print(f"intents: {crowd.intents.line()}; the last payments ended {drained:.1f} s after the last block")
    return outcome.is_right(found, accepted=crowd.accepted) and not crowd.intents.failed and fine


def block(name: str, crowd: Crowd, options: argparse.Namespace, *, queued: int) -> bool:
    """Intents and probes for a while, then what they waited; whether that is short enough, and the queue was busy."""
    began, before, started = timezone.now(), backlog.sent(), time.monotonic()
    crowd.begin(count=int(options.seconds * options.rate), rate=options.rate)
    while crowd.is_sending:
        with transaction.atomic():
            publish(Probed(number=0))
        time.sleep(1 / options.rate)
    crowd.end()
    seconds, after = time.monotonic() - started, backlog.sent()
    outcome.wait_for_all(patience=PATIENCE)
    fine = [say(f"{name}: tasks", waits_since(began)), say(f"{name}: events", probe_waits_since(began))]
    if not queued:
        return True
    out, left = after - before, queued - after
    print(f"  meanwhile {out} messages went out ({out / seconds:.0f}/s), {left} left", flush=True)
    if left <= 0:
        print("  the queue was empty before the block was over: take a larger --count, or fewer --seconds")
    return all(fine) and out > 0 and left > 0


def say(what: str, waits: list[float]) -> bool:
    """A line about sorted waits; whether there are any, and hardly one is too long."""
    late = percentile(waits, 0.95)
    print(
        f"{what} of the payment queue ({len(waits)}) waited p50 {percentile(waits, 0.5):.0f} ms, p95 {late:.0f} ms, "
        f"max {percentile(waits, 1.0):.0f} ms",
        flush=True,
    )
    return bool(waits) and late < GOAL_MS


def waits_since(began: datetime) -> list[float]:
    """Seconds from a payment task's row to its first attempt, sorted; one that was not taken up: infinite."""
    first = PaymentAttempt.objects.filter(number=1, task__created_at__gte=began)
    waits = first.annotate(wait=F("started_at") - F("task__created_at")).values_list("wait", flat=True)
    unheard_of = PaymentTask.objects.filter(created_at__gte=began, tries__isnull=True).count()
    return sorted([*(wait.total_seconds() for wait in waits), *[NEVER] * unheard_of])


def probe_waits_since(began: datetime) -> list[float]:
    """Seconds from a probe's commit to its handled row on the payment queue, sorted; one not heard: infinite."""
    handler = f"chaos.{probe_payments.__name__}"
    rows = EventDelivery.objects.filter(handler=handler, event__created_at__gte=began)
    deadline = time.monotonic() + PROBE_PATIENCE
    while time.monotonic() < deadline and unheard(began, handler):
        time.sleep(0.1)
    waits = [
        (done_at - at).total_seconds() for done_at, at in rows.values_list("done_at", "event__created_at") if done_at
    ]
    return sorted([*waits, *[NEVER] * unheard(began, handler)])


def unheard(began: datetime, handler: str) -> int:
    """Probes since then that the handler has not done."""
    probes = OutboxEvent.objects.filter(wire_name=Probed.wire_name, created_at__gte=began)
    done = EventDelivery.objects.filter(handler=handler, event__created_at__gte=began, done_at__isnull=False)
    return probes.count() - done.count()


def timed(what: str, act: Callable[[], Answer]) -> Answer:
    """Do it and say how long it took."""
    started = time.monotonic()
    answer = act()
    print(f"{what}: {time.monotonic() - started:.1f} s", flush=True)
    return answer
