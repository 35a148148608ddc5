"""Reads over broadcasts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from notifications.audiences.models import FanOut
from notifications.audiences.reach import Size, audience_size
from notifications.kinds.table import BROADCAST

from .errors import BroadcastNotFoundError
from .models import Broadcast
from .states import State
from .terms import BroadcastTerms, terms_of

ALMOST = 99
"""Per cent, while it is not over: how many there are was counted before, and may have been more than was counted."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far sending has come. `expected` is what was counted at the start; None: not yet."""

    state: str
    told: int
    expected: int | None

    @property
    def percent(self) -> int:
        """0 to 100; 100 only when it is over."""
        if self.state == State.SENT:
            return 100
        return min(ALMOST, self.told * 100 // self.expected) if self.expected else 0


def broadcasts_for_show() -> "QuerySet[Broadcast]":
    """With `told_count` and `expected_count` of the sending, and segments: two queries."""
    runs = FanOut.objects.filter(message=OuterRef("message_id"))
    return Broadcast.objects.annotate(
        told_count=Subquery(runs.values("told_count")), expected_count=Subquery(runs.values("expected_count"))
    ).prefetch_related("segments")


def broadcast_progress(broadcast_id: UUID) -> Progress:
    """One query. Raises `BroadcastNotFoundError`."""
    found: Any = broadcasts_for_show().filter(pk=broadcast_id)
    for state, told, expected in found.values_list("state", "told_count", "expected_count"):
        return Progress(state, told or 0, expected)
    raise BroadcastNotFoundError


def size_of_audience(terms: BroadcastTerms, at: datetime) -> Size:
    """How many it would reach if it were sent at that moment, in bounded time."""
    return audience_size(BROADCAST, terms.audience(at))


def size_of_broadcast(broadcast_id: UUID, at: datetime) -> Size:
    """The same of one that is there. Raises `BroadcastNotFoundError`."""
    broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
    if broadcast is None:
        raise BroadcastNotFoundError
    return size_of_audience(terms_of(broadcast), at)


def due_to_start(at: datetime, limit: int) -> list[UUID]:
    """Scheduled ones whose moment has come."""
    due = Broadcast.objects.filter(state=State.SCHEDULED, send_at__lte=at).order_by("send_at")
    return list(due.values_list("pk", flat=True)[:limit])


def told_to_the_end(limit: int) -> list[UUID]:
    """Those that are being sent although everybody has been told, or was sent to by a worker that died then."""
    over = FanOut.objects.filter(Q(finished_at__isnull=False), message=OuterRef("message_id"))
    open_ones = Broadcast.objects.filter(state=State.SENDING).annotate(over=Subquery(over.values("finished_at")))
    return list(open_ones.filter(over__isnull=False).order_by("started_at").values_list("pk", flat=True)[:limit])
