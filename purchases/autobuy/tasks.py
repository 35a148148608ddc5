"""Doors for the relay and for beat: plans that are due are looked at by a worker, some chunks at a time."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from marketplace.core.jobs import release_lease, take_lease
from marketplace.core.outbox.feeds import Feed

from . import selectors, services

logger = logging.getLogger(__name__)

QUEUE: Final = "default"
LEASE: Final = "purchases.run_plans"
WAKE_AGAIN: Final = timedelta(seconds=30)
"""An engine that still works then is given company: they share what is due."""
SLICE_SECONDS: Final = 20.0
"""With one more chunk well below Celery's time limit."""


@shared_task(name="purchases.run_plans")
def run_plans() -> None:
    """Each five minutes from beat: questions and holds that lapsed, then what nobody was woken for."""
    services.lapse_unanswered(at=timezone.now())
    services.give_lapsed_up(at=timezone.now())
    _run()


@shared_task(name="purchases.run_woken_plans")
def run_woken_plans(holder: str) -> None:
    """Look at what is due, and let the next wake-up come at once."""
    run_here(UUID(holder))


@shared_task(name="purchases.forget_old_runs")
def forget_old_runs() -> None:
    """Daily from beat: records of the engine that are old."""
    services.forget_old_runs(at=timezone.now(), after=timedelta(days=settings.AUTOBUY_RUN_DAYS))


def take_wake_ups() -> list[UUID]:
    """One wake-up when a plan is due and nobody was woken for it; one query while none is."""
    if not selectors.is_due(timezone.now()):
        return []
    holder = take_lease(LEASE, WAKE_AGAIN)
    return [] if holder is None else [holder]


def send_wake_ups(holders: Sequence[UUID]) -> None:
    """Hand them to the queue. With the broker out the plans stay due: somebody is woken again after a while."""
    for holder in holders:
        try:
            run_woken_plans.apply_async(args=(str(holder),), queue=QUEUE, retry=False)
        except (BrokerError, ChannelError, RedisError, OSError):
            logger.warning("automatic purchases wait: the broker is out")
            return


def run_here(holder: UUID) -> None:
    """In this thread."""
    try:
        _run()
    finally:
        release_lease(LEASE, holder)


def _run() -> None:
    until = monotonic() + SLICE_SECONDS
    while services.run_due_plans(at=timezone.now()) and monotonic() < until:
        pass


FEED: Final = Feed("purchases.autobuy", take_wake_ups, send_wake_ups, run_here)
