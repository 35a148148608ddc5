"""`publish`: the one way a context tells the others."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction

from marketplace.core.bus import enqueueing as bus
from marketplace.core.clock import db_now
from marketplace.core.context import current_request_id, current_trace_parent, note
from marketplace.core.events import Event
from marketplace.core.ids import uuid7
from marketplace.core.observability.subjects import subjects_of

from .models import OutboxEvent
from .wake import wake_relay

_gathered: ContextVar[list[Event] | None] = ContextVar("gathered_events", default=None)


class PublishedOutsideTransactionError(RuntimeError):
    """An event without the change that makes it true. A defect."""


def publish(*events: Event) -> None:
    """Write the events into the caller's transaction (one insert); after commit the relay is woken.

    Raises `PublishedOutsideTransactionError` without a transaction.
    """
    publish_all(events)


def publish_all(events: Iterable[Event]) -> None:
    """`publish` for many."""
    if not connection.in_atomic_block:
        raise PublishedOutsideTransactionError
    gathered = _gathered.get()
    if gathered is not None:
        gathered.extend(events)
        return
    said = list(events)
    rows = [
        OutboxEvent(
            event_id=uuid7(),
            wire_name=event.wire_name,
            payload=event.payload(),
            request_id=current_request_id(),
            trace_parent=current_trace_parent(),
            created_at=db_now(),
        )
        for event in said
    ]
    if not rows:
        return  # nobody has to wake up
    OutboxEvent.objects.bulk_create(rows)
    # What a request brought about is what it was about; who asked may be somebody else than whom the event is about.
    note(**{name: value for name, value in subjects_of(rows[0].payload).items() if name != "user"})
    if bus.is_on():
        bus.enqueue(rows, [event.subject() for event in said])
    transaction.on_commit(wake_relay, robust=True)


@contextmanager
def published_together() -> Iterator[None]:
    """What is published inside is written by one insert at the end; nothing of it when the inside raises.

    For one transaction that changes several things. Whoever catches an error inside, and goes on, has said too much.
    """
    if _gathered.get() is not None:
        yield  # the outer one writes
        return
    events: list[Event] = []
    token = _gathered.set(events)
    try:
        yield
    finally:
        _gathered.reset(token)
    publish_all(events)
