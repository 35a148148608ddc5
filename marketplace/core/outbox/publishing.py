"""`publish`: the one way a context tells the others."""

from collections.abc import Iterable

from django.db import connection, transaction

from marketplace.core.clock import db_now
from marketplace.core.context import current_request_id
from marketplace.core.events import Event
from marketplace.core.ids import uuid7

from .models import OutboxEvent
from .wake import wake_relay


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
    OutboxEvent.objects.bulk_create(
        OutboxEvent(
            event_id=uuid7(),
            wire_name=event.wire_name,
            payload=event.payload(),
            request_id=current_request_id(),
            created_at=db_now(),
        )
        for event in events
    )
    transaction.on_commit(wake_relay, robust=True)
