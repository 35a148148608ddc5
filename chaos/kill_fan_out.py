"""kill -9 of the worker again and again while it tells a million of three million customers.

    python -m chaos kill_fan_out [--customers 3000000] [--kills 12] [--seed N]

A third of the customers is in the circle and takes the kind. Each worker is a process of its own that goes on where
the last commit was; it is killed at a random moment of its work, then the next one follows at once. Afterwards
everybody who is eligible must have the row exactly once and nobody else any, the run must have counted as many, and
the facts (`InboxFilled`) must name ranges that do not meet and hold everybody. Exit code 1 otherwise.
"""

import argparse
import random
import subprocess
import sys
import time
from itertools import pairwise
from typing import Final

from django.db import connection, connections
from django.utils import timezone

from bench import audience as town
from marketplace.core.clock import platform_day
from marketplace.core.models import OutboxEvent
from notifications.audiences.models import FanOut
from notifications.audiences.services import begin_fan_out
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from notifications.inbox.services import write_message
from notifications.kinds.table import FLASH_STARTED
from scripts.services import ROOT
from users.contracts import Audience

from .stage import Stage

WORKER: Final = """
import sys, django
django.setup()
from django.utils import timezone
from notifications.audiences.models import FanOut
from notifications.audiences.services import go_on
go_on(FanOut.objects.select_related("message").get(pk=sys.argv[1]), at=timezone.now())
"""
MISSING: Final = """
    SELECT COUNT(*) FROM users_customerplace AS place
    JOIN bench_person ON bench_person.customer = place.customer AND bench_person.km < %s AND bench_person.n %% 30 <> 0
    LEFT JOIN notifications_inboxitem AS item ON item.customer = place.customer AND item.message_id = %s
    WHERE place.segment = '00000000-0000-0000-0000-000000000000' AND item.id IS NULL
"""
PATIENCE: Final = 120.0


def main(found: Stage) -> int:
    """Seed, kill, count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=3_000_000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    town.seed(options.customers)
    run = begin()
    killed = kill_again_and_again(run, options.kills, random.Random(options.seed))
    started = time.monotonic()
    if worker(run).wait() != 0:
        print("the last worker failed")
        return 1
    print(f"{killed} kills; the last worker took {time.monotonic() - started:.1f} s, its start included")
    fine = is_whole(run, options.customers // 60 * 20) and killed > 0
    print("nobody missing, nobody twice, facts whole" if fine else f"FAILED (seed {options.seed})")
    return 0 if fine else 1


def begin() -> FanOut:
    """A run that nobody works on yet."""
    at = timezone.now()
    message = write_message(kind=FLASH_STARTED, params={}, dedupe_key="chaos:fan-out", at=at)
    circle = Audience(latitude=town.LATITUDE, longitude=town.LONGITUDE, radius_km=town.WIDE_KM)
    return begin_fan_out(message=message, audience=circle, at=at, channels=("push",), cap_day=platform_day(at))


def worker(run: FanOut) -> "subprocess.Popen[bytes]":
    """One more of them."""
    return subprocess.Popen([sys.executable, "-c", WORKER, str(run.pk)], cwd=ROOT)


def kill_again_and_again(run: FanOut, kills: int, dice: random.Random) -> int:
    """How many were killed at work: each gets about its share of the audience before it dies."""
    killed = 0
    for _ in range(kills):
        before, process = progress(run), worker(run)
        deadline = time.monotonic() + PATIENCE
        while progress(run) == before and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.6))
        process.kill()
        killed += process.wait() < 0
        print(f"  killed with {progress(run)} told", flush=True)
    connections.close_all()
    return killed


def progress(run: FanOut) -> int:
    """How many have been told."""
    return FanOut.objects.values_list("told_count", flat=True).get(pk=run.pk)


def is_whole(run: FanOut, eligible: int) -> bool:
    """Whether rows, progress and facts agree with who is eligible."""
    run.refresh_from_db()
    rows = InboxItem.objects.filter(message=run.message_id)
    told, people = rows.count(), rows.values("customer").distinct().count()
    facts = [
        InboxFilled.from_payload(payload)
        for payload in OutboxEvent.objects.filter(wire_name=InboxFilled.wire_name).values_list("payload", flat=True)
    ]
    ends = sorted((fact.from_customer.int, fact.to_customer.int) for fact in facts)  # type: ignore[attr-defined]
    meet = sum(behind[0] <= before[1] for before, behind in pairwise(ends))
    with connection.cursor() as cursor:
        cursor.execute(MISSING, [town.WIDE_KM, run.message_id])
        missing = cursor.fetchone()[0]
    print(
        f"eligible {eligible}, rows {told}, people {people}, missing {missing}, counted by the run {run.told_count}; "
        f"{len(facts)} facts, {meet} of them meet"
    )
    return told == people == run.told_count == eligible and not missing and not meet and run.finished_at is not None
