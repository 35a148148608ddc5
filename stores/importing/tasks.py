"""Celery's doors to imports. A message is a wake-up with an id; how far a run has come is in its row."""

import logging
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from marketplace.core.outbox.feeds import Feed

from . import retention, work

logger = logging.getLogger(__name__)

QUEUE: Final = "default"


@shared_task(name="stores.carry_import_on")
def carry_import_on(run_id: str) -> None:
    """Read or write some chunks of one import."""
    work.work_on(UUID(run_id))


@shared_task(name="stores.forget_old_imports")
def forget_old_imports() -> None:
    """Runs that are over, and those that nobody confirmed (beat, daily)."""
    retention.forget_old(timezone.now())


def send_wake_ups(run_ids: Sequence[UUID]) -> None:
    """Hand the ids to the queue. With the broker out the runs wait: they are named again half a minute later."""
    for run_id in run_ids:
        try:
            carry_import_on.apply_async(args=(str(run_id),), queue=QUEUE, retry=False)
        except (BrokerError, ChannelError, RedisError, OSError):
            logger.warning("imports wait: the broker is out")
            return


FEED: Final = Feed("stores.imports", work.take_wake_ups, send_wake_ups, work.work_on)
