"""Tasks that fail every time, and some that kill their worker: parked after five attempts, the other queues unharmed.

    python -m chaos poison [--seconds 20] [--blocks 3] [--poison 10] [--deadly 1] [--rate 5]

Relay, workers of every queue and beat as served. Calm and poisoned blocks take turns; in a poisoned one, so many events
come to the queue `events` whose handler fails, and so many whose handler is a kill -9. Throughout, a probe is heard on
each other queue `--rate` times a second: from its commit to its handled row. Each poisoned delivery must be parked with
exactly five attempts, each probe be handled, and the medians of the other queues must not grow by a tenth (a difference
below 5 ms is taken for noise). Exit code 1 otherwise.
"""

import argparse
import statistics
import sys
import time
from collections import Counter
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from marketplace.core.models import EventDelivery
from marketplace.core.outbox.publishing import publish
from scripts.openloop import percentile
from scripts.services import QUEUE_GROUPS, Program, beat, worker

from .poison_events import Poisoned, Probed
from .stage import Stage

QUEUES: Final = ("payments", "notify", "fetch", "holds", "default")
NOISE_MS: Final = 5.0
PATIENCE: Final = 240.0
RELAY: Final = """
import django
django.setup()
import chaos.poison_events
from django.core.management import call_command
call_command("run_relay")
"""
Times = dict[str, list[float]]


def main(found: Stage) -> int:
    """Blocks in turn, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each block")
    parser.add_argument("--blocks", type=int, default=3, help="calm ones, and as many poisoned ones")
    parser.add_argument("--poison", type=int, default=10, help="failing events in each poisoned block")
    parser.add_argument("--deadly", type=int, default=1, help="killing events in each poisoned block")
    parser.add_argument("--rate", type=float, default=5.0, help="probes a second")
    options = parser.parse_args()
    found.start(Program("relay", [sys.executable, "-c", RELAY]))
    for name, queues in QUEUE_GROUPS.items():
        usual = worker(name, queues)
        found.start(Program(name, [*usual.command, "--include", "chaos.poison_events"]))
    found.start(beat())
    probe(1, 1.0)
    wait_for_probes()
    calm: Times = {queue: [] for queue in QUEUES}
    poisoned: Times = {queue: [] for queue in QUEUES}
    for _ in range(options.blocks):
        block(calm, options)
        with transaction.atomic():
            publish(*(Poisoned(deadly=False) for _ in range(options.poison)))
            publish(*(Poisoned(deadly=True) for _ in range(options.deadly)))
        block(poisoned, options)
    fine = False not in [compare(queue, calm[queue], poisoned[queue]) for queue in QUEUES]
    fine = is_parked(options.blocks * (options.poison + options.deadly)) and fine
    print("parked after five attempts, the others unharmed" if fine else "FAILED")
    return 0 if fine else 1


def block(times: Times, options: argparse.Namespace) -> None:
    """Probes for a while; what each queue took is added to `times`, in seconds."""
    began = timezone.now()
    probe(int(options.rate * options.seconds), options.rate)
    wait_for_probes()
    for queue, seconds in handled_since(began).items():
        times[queue] += seconds


def probe(count: int, rate: float) -> None:
    """Publish so many, evenly."""
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / rate - time.monotonic()))
        with transaction.atomic():
            publish(Probed(number=number))


def wait_for_probes() -> None:
    """Until each has been heard everywhere."""
    deadline = time.monotonic() + PATIENCE
    probes = EventDelivery.objects.filter(event__wire_name=Probed.wire_name)
    while not probes.exists() or probes.exclude(state=EventDelivery.State.DONE).exists():
        if time.monotonic() > deadline:
            raise SystemExit(f"probes left: {Counter(probes.values_list('handler', 'state'))}")
        time.sleep(0.1)


def handled_since(began: datetime) -> Times:
    """Seconds from each probe's commit to its handled row, by queue."""
    rows = EventDelivery.objects.filter(event__wire_name=Probed.wire_name, event__created_at__gte=began)
    times: Times = {queue: [] for queue in QUEUES}
    for handler, created_at, done_at in rows.values_list("handler", "event__created_at", "done_at"):
        assert done_at is not None
        times[handler.rpartition("_")[2]].append((done_at - created_at).total_seconds())
    return times


def compare(queue: str, calm: list[float], poisoned: list[float]) -> bool:
    """A line for the queue; whether its median stayed where it was."""
    before, after = statistics.median(calm) * 1000, statistics.median(poisoned) * 1000
    late = [percentile(sorted(times), 0.95) for times in (calm, poisoned)]
    print(
        f"{queue}: median {before:.1f} → {after:.1f} ms ({(after / before - 1) * 100:+.0f} %), "
        f"p95 {late[0]:.0f} → {late[1]:.0f} ms, {len(calm)} + {len(poisoned)} probes",
        flush=True,
    )
    return after <= max(before * 1.1, before + NOISE_MS)


def is_parked(expected: int) -> bool:
    """Wait until nothing poisoned is tried any more; whether each was parked with five attempts."""
    began = time.monotonic()
    rows = EventDelivery.objects.filter(event__wire_name=Poisoned.wire_name)
    while rows.filter(state=EventDelivery.State.PENDING).exists() and time.monotonic() - began < PATIENCE:
        time.sleep(0.5)
    counts = Counter(rows.values_list("event__payload__deadly", "state", "attempts"))
    print(f"poisoned: {dict(counts)} after another {time.monotonic() - began:.0f} s", flush=True)
    return sum(counts.values()) == expected and {key[1:] for key in counts} == {("parked", EventDelivery.MAX_ATTEMPTS)}
