"""From a promotion's exact moment to the last inbox row: relay, workers, PostgreSQL and Redis as served.

    python -m bench on_sale_minute [--customers 10000] [--rounds 3]

The web is not needed for it: relay and the workers of the queues `notify` and of the core are processes of their own,
on a Redis of this run. Seen from outside: rows count once they are committed. The first round only warms up.
"""

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.utils import timezone

from marketplace.core.money import Money
from notifications.audiences.models import FanOut
from notifications.inbox.models import InboxItem
from promotions.facade import Offer, end_promo, schedule_promo
from promotions.flash.models import FlashPromo
from scripts.local_services import Valkey, with_database_number
from scripts.running import Running
from scripts.services import QUEUE_GROUPS, relay, worker
from users import facade as users
from users.contracts import NewCustomer

from .claim import LATITUDE, LONGITUDE, seed_variant

GOAL_SECONDS: Final = 2.0
PATIENCE: Final = 120.0
LOOK_EVERY: Final = 0.01


def main() -> None:
    """Seed, start everything, wait for the moment, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    users.add_customers(
        NewCustomer(email=f"bench{number}@example.com", latitude=LATITUDE, longitude=LONGITUDE)
        for number in range(options.customers)
    )
    variant_id = seed_variant()
    with ExitStack() as stack:
        begin_services(stack)
        on_sale(variant_id, options.customers, ahead=timedelta(seconds=2))
        for number in range(1, options.rounds + 1):
            published, begun, told = on_sale(variant_id, options.customers, ahead=timedelta(seconds=3))
            print(
                f"round {number}: {options.customers} inbox rows {told:.2f} s after the moment "
                f"(goal {GOAL_SECONDS:.0f}); published after {published:.2f} s, begun after {begun:.2f} s; "
                f"load {os.getloadavg()[0]:.1f}",
                flush=True,
            )


def begin_services(stack: ExitStack) -> None:
    """A Redis of our own, then relay and workers; all gone when the stack is left."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
    valkey = Valkey(folder / "redis")
    stack.callback(valkey.end)
    valkey.start()
    os.environ["REDIS_URL"] = with_database_number(valkey.url, 0)
    os.environ["CELERY_BROKER_URL"] = with_database_number(valkey.url, 1)
    for program in (relay(), *(worker(name, QUEUE_GROUPS[name]) for name in ("core", "outside"))):
        stack.enter_context(Running(program, folder))


def on_sale(variant_id: UUID, customers: int, *, ahead: timedelta) -> tuple[float, float, float]:
    """Seconds from the moment until it was published, until telling began, and until everybody had the row."""
    InboxItem.objects.all().delete()
    now = timezone.now()
    offer = Offer(variant_id, Money(100, "MXN"), now + ahead, now + timedelta(hours=1))
    promo = schedule_promo(offer=offer, actor_id=None, at=now)
    told_at = wait_until_told(customers)
    run, published_at = FanOut.objects.get(promo_id=promo.pk), FlashPromo.objects.get(pk=promo.pk).started_at
    if published_at is None:
        raise SystemExit("told before it was published")
    end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())
    moments = (published_at, run.started_at, told_at)
    published, begun, told = ((moment - offer.starts_at).total_seconds() for moment in moments)
    return published, begun, told


def wait_until_told(customers: int) -> datetime:
    """When the last row was seen."""
    deadline = time.monotonic() + PATIENCE
    while InboxItem.objects.count() < customers:
        if time.monotonic() > deadline:
            raise SystemExit(f"only {InboxItem.objects.count()} of {customers} were told")
        time.sleep(LOOK_EVERY)
    return timezone.now()
