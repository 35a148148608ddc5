"""What the core forgets, and when. Audit entries and what is parked stay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from .bus.models import BusMessage
from .http.idempotency import KEPT_FOR, IdempotencyKey
from .jobs import JobSlot
from .outbox.models import EventDelivery, OutboxEvent

EVENTS_KEPT_FOR = timedelta(days=14)
JOB_SLOTS_KEPT_FOR = timedelta(days=30)
BATCH = 2_000
"""Rows per transaction: short locks, and nothing is lost when it is stopped half-way."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind went."""

    idempotency_keys: int
    events: int
    job_slots: int


def forget_old(at: datetime) -> Forgotten:
    """Delete what has outlived its use: keys after 24 hours, heard events after 14 days, job slots after 30 days.

    An event stays while a delivery of it, or its message to the event bus, waits or is parked. Harmless twice, also at
    the same time.
    """
    unheard = EventDelivery.objects.exclude(state=EventDelivery.State.DONE).values("event")
    not_sent = BusMessage.objects.exclude(state=BusMessage.State.SENT).values("event")
    heard = OutboxEvent.objects.filter(relayed_at__lt=at - EVENTS_KEPT_FOR).exclude(pk__in=unheard)
    heard = heard.exclude(pk__in=not_sent)
    return Forgotten(
        idempotency_keys=delete_in_batches(IdempotencyKey.objects.filter(created_at__lt=at - KEPT_FOR)),
        events=delete_in_batches(heard),
        job_slots=delete_in_batches(JobSlot.objects.filter(taken_at__lt=at - JOB_SLOTS_KEPT_FOR)),
    )


def delete_in_batches(rows: "QuerySet[Any, Any]") -> int:
    """Delete the rows, a short transaction per batch; how many. Each context's own retention uses it."""
    model, deleted = rows.model, 0
    while keys := list(rows.values_list("pk", flat=True)[:BATCH]):
        deleted += model._default_manager.filter(pk__in=keys).delete()[1].get(model._meta.label, 0)
    return deleted
