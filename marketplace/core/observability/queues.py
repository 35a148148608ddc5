"""Queues of a Redis broker: how long they are, and how long their oldest message has waited."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from celery import signals
from django.conf import settings
from redis import Redis

SENT_AT: Final = "sent_at"
PATIENCE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue as it is now."""

    name: str
    messages: int
    oldest_seconds: float


def connect() -> None:
    """Called in `ready()`: every message says when it was sent. Harmless twice."""
    signals.before_task_publish.connect(_stamp, dispatch_uid="core.sent_at")


def _stamp(*, headers: dict[str, Any] | None = None, **_signal: Any) -> None:
    if headers is not None:
        headers[SENT_AT] = time.time()


def look() -> list[Queue]:
    """Every queue of `QUEUES`; none where the broker is not Redis. Raises `RedisError` when it does not answer."""
    url: str = settings.CELERY_BROKER_URL
    if not url.startswith(("redis://", "rediss://", "unix://")):
        return []
    with closing(
        Redis.from_url(url, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS)
    ) as broker:
        return list(_queues(broker))


def _queues(broker: Any) -> Iterator[Queue]:
    for name in settings.QUEUES:
        # Sent at the left, taken from the right. All are of one priority: a queue is one list of its name.
        with broker.pipeline(transaction=False) as both:
            messages, oldest = both.llen(name).lindex(name, -1).execute()
        yield Queue(name, messages, _waited(oldest))


def _waited(message: bytes | None) -> float:
    try:
        sent_at = float(json.loads(message or b"")["headers"][SENT_AT])
    except (ValueError, KeyError, TypeError):
        return 0.0
    return max(0.0, time.time() - sent_at)
