"""Reads of the inbox."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from marketplace.core.clock import db_now

from .cursors import OVERLAP, InboxCursor
from .models import InboxItem, Message

UNREAD_CAP = 100


def inbox_of(customer_id: UUID) -> "QuerySet[InboxItem, Any]":
    """A customer's inbox with its messages; the list orders it newest message first, along the unique index."""
    return InboxItem.objects.filter(customer=customer_id).select_related("message")


def inbox_behind(customer_id: UUID, cursor: InboxCursor) -> "QuerySet[InboxItem, Any]":
    """What came after that cursor, and what was written in the `OVERLAP` before it; walk it in the order of ids."""
    came_later = Q(pk__gt=cursor.item_id) | Q(created_at__gte=cursor.at - OVERLAP)
    return inbox_of(customer_id).filter(came_later)


def unread_count(customer_id: UUID) -> int:
    """How many are unread, looking no further than `UNREAD_CAP`.

    A counter would cost the fan-out a second row per customer; this reads at most one customer's own index range.
    """
    unread = InboxItem.objects.filter(customer=customer_id, read_at__isnull=True)
    return unread.values("pk")[:UNREAD_CAP].count()


def recipients_between(message_id: int, first: UUID, last: UUID) -> "QuerySet[InboxItem, Any]":
    """Who has the message in the inbox, with keys from `first` to `last`, in key order."""
    return InboxItem.objects.filter(message=message_id, customer__gte=first, customer__lte=last).order_by("customer")


def messages_of_last_day() -> int:
    """How many messages were written in the last 24 hours."""
    return Message.objects.filter(created_at__gte=db_now() - timedelta(days=1)).count()
