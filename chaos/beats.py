"""Two beats at once, none for a while, one whose clock is an hour ahead and is set right again: each slot once.

    python -m chaos beats [--seconds 80] [--without 600] [--most-late 120] [--phases two none ahead]

Beat and workers as served and no relay, so that only ticks move anything. Promotions begin at moments within each
phase and are the slots that are looked at: each must begin once (one slot, one published fact) and at most
`--most-late` seconds after its moment, where a beat was there to see it. Those of the time without a beat begin once it
is back; those that the hurried clock began early are not begun again. Exit code 1 otherwise.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from bench.checkout import shelves
from marketplace.core.jobs import JobSlot
from marketplace.core.models import OutboxEvent
from marketplace.core.money import Money
from promotions.events import FlashPromoStarted
from promotions.facade import Offer, schedule_promo
from promotions.flash.models import FlashPromo
from scripts.running import Running
from scripts.services import Program, beat, worker

from .stage import Stage

JOB: Final = "promotions.flash.start"
EACH: Final = 20
AHEAD: Final = """
import sys, datetime, time_machine
from celery.__main__ import main
sys.argv[0] = "celery"
hour_ahead = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
with time_machine.travel(hour_ahead, tick=True):
    main()
"""


class Phase:
    """Promotions that begin within some seconds from now."""

    def __init__(self, name: str, variants: Sequence[UUID], *, first: float, last: float) -> None:
        self.name = name
        now = timezone.now()
        moments = [now + timedelta(seconds=random.uniform(first, last)) for _ in variants]
        offers = [
            Offer(variant, Money(100, "MXN"), moment, moment + timedelta(hours=6))
            for variant, moment in zip(variants, moments, strict=True)
        ]
        self._promos = [schedule_promo(offer=offer, actor_id=None, at=now).pk for offer in offers]

    def begun(self) -> int:
        """How many have begun by now."""
        return FlashPromo.objects.filter(pk__in=self._promos, started_at__isnull=False).count()

    def wait(self, seconds: float) -> float:
        """Until all have begun; gives up after so long."""
        began = time.monotonic()
        while self.begun() < len(self._promos) and time.monotonic() - began < seconds:
            time.sleep(0.2)
        return time.monotonic() - began

    def is_right(self, *, most_late: float | None) -> bool:
        """Print the counts; whether each has one slot and one fact, and none was later than that."""
        slots = Counter(JobSlot.objects.filter(job=JOB, slot__in=map(str, self._promos)).values_list("slot", flat=True))
        facts: Counter[str] = Counter(
            OutboxEvent.objects.filter(
                wire_name=FlashPromoStarted.wire_name, payload__promo_id__in=[str(pk) for pk in self._promos]
            ).values_list("payload__promo_id", flat=True)
        )
        wrong = [pk for pk in map(str, self._promos) if slots[pk] != 1 or facts[pk] != 1]
        written = OutboxEvent.objects.filter(
            wire_name=FlashPromoStarted.wire_name, payload__promo_id__in=[str(pk) for pk in self._promos]
        ).values_list("payload__promo_id", "created_at")
        starts = dict(FlashPromo.objects.filter(pk__in=self._promos).values_list("pk", "starts_at"))
        late = max(((at - starts[UUID(pk)]).total_seconds() for pk, at in written), default=float("nan"))
        print(
            f"{self.name}: {len(self._promos)} slots, {sum(facts.values())} begun, {len(wrong)} not exactly once, "
            f"the last {late:+.1f} s from its moment",
            flush=True,
        )
        return not wrong and (most_late is None or late <= most_late)


def main(found: Stage) -> int:
    """All phases on one database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=80.0, help="of each phase with a beat")
    parser.add_argument("--without", type=float, default=600.0, help="seconds without any beat")
    parser.add_argument("--most-late", type=float, default=120.0)
    parser.add_argument("--phases", nargs="+", choices=["two", "none", "ahead"], default=["two", "none", "ahead"])
    options = parser.parse_args()
    variants = shelves(count=EACH * 4 // 3 + 1)
    shelf = [variants[start : start + EACH] for start in range(0, EACH * 4, EACH)]
    workers = [
        found.start(worker("core", "holds,events,default")),
        found.start(worker("second", "holds,events,default")),
    ]
    beats = [found.start(beat()), found.start(Program("second-beat", beat().command))]
    wait_for_ticks()
    fine = "two" not in options.phases or two_beats(shelf[0], options)
    beats[1].kill()
    fine = ("none" not in options.phases or no_beat(shelf[1], beats[0], options)) and fine
    fine = ("ahead" not in options.phases or hour_ahead(found, shelf[2:], [beats[0], *workers], options)) and fine
    fine = all(process.pid for process in workers) and fine
    print("each slot once" if fine else "FAILED")
    return 0 if fine else 1


def two_beats(variants: Sequence[UUID], options: argparse.Namespace) -> bool:
    """Both tick, two workers do the work."""
    phase = Phase("two beats", variants, first=5.0, last=options.seconds - 10)
    phase.wait(options.seconds + options.most_late)
    return phase.is_right(most_late=options.most_late)


def no_beat(variants: Sequence[UUID], its_beat: Running, options: argparse.Namespace) -> bool:
    """Nobody ticks for a while; then one does."""
    its_beat.kill()
    phase = Phase(f"no beat for {options.without:.0f} s", variants, first=2.0, last=options.without - 5)
    time.sleep(options.without)
    print(f"  {phase.begun()} begun without a beat", flush=True)
    its_beat.start()
    caught_up = phase.wait(options.most_late)
    print(f"  caught up {caught_up:.1f} s after a beat was there again", flush=True)
    return phase.is_right(most_late=None) and caught_up < options.most_late


def hour_ahead(found: Stage, shelf: list[list[UUID]], processes: list[Running], options: argparse.Namespace) -> bool:
    """Everything runs an hour ahead for a while, then ends in order; then everything begins with the right time."""
    early = Phase("clock an hour ahead", shelf[0], first=5.0, last=1_800.0)
    for process in processes:
        process.stop()
    hurried = [ahead(found, beat(), "beat-ahead"), ahead(found, worker("core", "holds,events,default"), "core-ahead")]
    early.wait(options.seconds + options.most_late)
    for process in hurried:
        process.stop()
    in_future = PeriodicTask.objects.filter(last_run_at__gt=timezone.now() + timedelta(minutes=30)).count()
    print(f"  {early.begun()} of {EACH} begun; {in_future} jobs have a last run in the future", flush=True)
    for process in processes:
        process.start()
    right = Phase("clock set right again", shelf[1], first=1.0, last=5.0)
    right.wait(options.most_late)
    held = right.is_right(most_late=options.most_late)
    return early.is_right(most_late=None) and held and in_future > 0


def ahead(found: Stage, program: Program, name: str) -> Running:
    """The same program with its clock an hour ahead."""
    command = list(map(str, program.command))
    celery = next(place for place, part in enumerate(command) if part.endswith("/celery"))
    shifted = [*command[:celery], sys.executable, "-c", AHEAD, *command[celery + 1 :]]
    return found.start(Program(name, shifted))


def wait_for_ticks() -> None:
    """Until a beat has written down its first runs."""
    deadline = time.monotonic() + 60
    while not PeriodicTask.objects.filter(name="promotion sweep").exists():
        if time.monotonic() > deadline:
            raise SystemExit("no beat came up")
        time.sleep(0.2)
