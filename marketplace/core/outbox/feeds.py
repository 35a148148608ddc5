"""Rows that are their own outbox: jobs in a table, for which a message is only a wake-up with the id.

A context registers how its due rows are taken (each given its next moment, so that a lost message comes again), how
their wake-ups are sent, and how one is carried out. The relay asks on each pass; all of it is harmless twice.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import InterfaceError, OperationalError

from marketplace.core.locking import is_lock_timeout

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Feed:
    """One table of jobs. `send` must not raise when the broker is out: it finds another way, or leaves the rows be."""

    name: str
    take: Callable[[], Sequence[UUID]]
    send: Callable[[Sequence[UUID]], object]
    run: Callable[[UUID], object]


_FEEDS: dict[str, Feed] = {}


def register(feed: Feed) -> None:
    """Called in an app's `ready()`."""
    _FEEDS[feed.name] = feed


def send_feeds() -> int:
    """Send the wake-ups of every feed; how many. One that fails does not keep the others waiting.

    Only a lost database is passed on: nobody else would get an answer either.
    """
    sent = 0
    for feed in _FEEDS.values():
        try:
            due = feed.take()
            if due:
                feed.send(due)
            sent += len(due)
        except Exception as error:
            if isinstance(error, InterfaceError | OperationalError) and not is_lock_timeout(error):
                raise
            logger.exception("feed failed", extra={"feed": feed.name})
    return sent


def run_feeds() -> int:
    """Carry everything due out in this thread; how many. For tests and tools."""
    ran = 0
    for feed in _FEEDS.values():
        for row_id in feed.take():
            feed.run(row_id)
            ran += 1
    return ran
