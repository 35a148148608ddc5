"""From `publish` to the bus: a row per event that other systems have to hear of."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from django.conf import settings

from marketplace.core.clock import db_now
from marketplace.core.outbox.models import OutboxEvent

from .models import BusMessage


def is_on() -> bool:
    """Whether events leave for other systems at all."""
    return bool(settings.EVENT_BUS_URL)


def leaves(wire_name: str) -> bool:
    """Whether an event of that name is among those that leave (`EVENT_BUS_EVENTS`)."""
    return any(fnmatchcase(wire_name, pattern) for pattern in settings.EVENT_BUS_EVENTS)


def enqueue(events: Sequence[OutboxEvent], keys: Sequence[str]) -> None:
    """One insert for the events just written, each with its partition key. Call it in their transaction."""
    BusMessage.objects.bulk_create(
        BusMessage(event=event, partition_key=key, due_at=db_now())
        for event, key in zip(events, keys, strict=True)
        if leaves(event.wire_name)
    )
