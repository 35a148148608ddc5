"""Celery's doors to reading pages. A message is a wake-up with an id; what is due stands in the page's row."""

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

from . import documents, reading

logger = logging.getLogger(__name__)

QUEUE: Final = "fetch"
SWEEP_SECONDS: Final = 20.0
"""With the visit that it may end in (20 s at the very most), less than a task's soft limit."""


@shared_task(name="links.read_page")
def read_page(page_id: str) -> None:
    """One attempt at one page."""
    reading.read_page(UUID(page_id))


@shared_task(name="links.read_due_pages")
def read_due_pages() -> None:
    """Safety net (beat, every 15 min): what is due and was not handed out."""
    reading.sweep_due_pages(SWEEP_SECONDS)


@shared_task(name="links.forget_old_documents")
def forget_old_documents() -> None:
    """Retention of fetched pages and of prices' histories (beat, daily)."""
    snapshots, prices = documents.forget_old_documents(timezone.now())
    logger.info("forgot old documents", extra={"snapshots": snapshots, "prices": prices})


def send_wake_ups(page_ids: Sequence[UUID]) -> None:
    """Hand the ids to the queue. With the broker out the pages wait: their leases lapse, and they are named again."""
    for page_id in page_ids:
        try:
            read_page.apply_async(args=(str(page_id),), queue=QUEUE, retry=False)
        except (BrokerError, ChannelError, RedisError, OSError):
            logger.warning("pages wait: the broker is out")
            return


FEED: Final = Feed("links.pages", reading.take_due_pages, send_wake_ups, reading.read_page)
