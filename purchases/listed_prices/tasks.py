"""Doors for the relay and for beat: shown prices that are due are computed by a worker, some chunks at a time."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from marketplace.core.jobs import release_lease, take_lease
from marketplace.core.outbox.feeds import Feed

from . import selectors, services

logger = logging.getLogger(__name__)

QUEUE: Final = "default"
LEASE: Final = "purchases.compute_prices"
WAKE_AGAIN: Final = timedelta(seconds=10)
"""Somebody who still computes then is given company: they share what is due."""
SLICE_SECONDS: Final = 25.0
"""Well below Celery's time limit."""


@shared_task(name="purchases.compute_prices")
def compute_prices(holder: str) -> None:
    """Compute what is due, until nothing is or the slice of time is over."""
    run_here(UUID(holder))


@shared_task(name="purchases.sweep_prices")
def sweep_prices() -> None:
    """Each minute from beat: what nobody was woken for."""
    _compute()


def take_wake_ups() -> list[UUID]:
    """One wake-up when a moment has passed and nobody was woken for it; one query while none has."""
    if not selectors.is_due(timezone.now()):
        return []
    holder = take_lease(LEASE, WAKE_AGAIN)
    return [] if holder is None else [holder]


def send_wake_ups(holders: Sequence[UUID]) -> None:
    """Hand them to the queue. With the broker out the marks wait: somebody is woken again after a while."""
    for holder in holders:
        try:
            compute_prices.apply_async(args=(str(holder),), queue=QUEUE, retry=False)
        except (BrokerError, ChannelError, RedisError, OSError):
            logger.warning("prices in lists wait: the broker is out")
            return


def run_here(holder: UUID) -> None:
    """Compute, and let the next wake-up come at once."""
    try:
        _compute()
    finally:
        release_lease(LEASE, holder)


def _compute() -> None:
    until = monotonic() + SLICE_SECONDS
    while services.compute_next(at=timezone.now()) and monotonic() < until:
        pass


FEED: Final = Feed("purchases.prices", take_wake_ups, send_wake_ups, run_here)
