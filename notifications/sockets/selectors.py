"""Reads for all of a process's sockets at once, and for one that comes back."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Max, QuerySet

from notifications.inbox.cursors import InboxCursor
from notifications.inbox.models import InboxItem
from notifications.inbox.presenting import notification_json
from notifications.inbox.rendering import Text, render
from notifications.inbox.selectors import UNREAD_CAP, inbox_behind

PAGE = 100
Items = QuerySet[InboxItem, InboxItem]
# By hand: the ORM has no limit for each of many, and whoever has a million unread ones is not to be counted through.
_UNREAD = """
WITH people (customer) AS (VALUES {people})
SELECT p.customer, (
  SELECT count(*) FROM (SELECT 1 FROM {table} i WHERE i.customer = p.customer AND i.read_at IS NULL LIMIT %s) u)
FROM people p
"""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A notification ready to be sent: whose, which, and the frame by language."""

    customer_id: UUID
    item_id: int
    frames: Mapping[str, str]


def items_told(message_ids: Collection[int], customer_ids: Collection[UUID]) -> list[InboxItem]:
    """The rows of these messages in the inboxes of these customers; one query, with the messages."""
    return list(_with_message().filter(message__in=message_ids, customer__in=customer_ids).order_by("pk"))


def items_since(item_id: int, customer_ids: Collection[UUID]) -> list[InboxItem]:
    """The rows with a higher id in the inboxes of these customers; one query, with the messages."""
    return list(_with_message().filter(pk__gt=item_id, customer__in=customer_ids).order_by("pk"))


def newest_item_id() -> int:
    """The highest id there is; 0 in an empty table."""
    return InboxItem.objects.aggregate(newest=Max("pk"))["newest"] or 0


def page_behind(customer_id: UUID, cursor: InboxCursor, after_id: int) -> list[InboxItem]:
    """The next `PAGE` rows of catching up, those with ids above `after_id`."""
    return list(inbox_behind(customer_id, cursor).filter(pk__gt=after_id).order_by("pk")[:PAGE])


def unread_counts(customer_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many are unread of each customer, looking no further than `UNREAD_CAP`; one query."""
    wanted = list(customer_ids)
    if not wanted:
        return {}
    is_postgres = connection.vendor == "postgresql"
    text = _UNREAD.format(
        people=", ".join(["(%s::uuid)" if is_postgres else "(%s)"] * len(wanted)), table=InboxItem._meta.db_table
    )
    keys = wanted if is_postgres else [customer_id.hex for customer_id in wanted]
    with connection.cursor() as cursor:
        cursor.execute(text, [*keys, UNREAD_CAP])
        return {UUID(str(customer_id)): count for customer_id, count in cursor.fetchall()}


def packed(items: Iterable[InboxItem], languages: Mapping[UUID, Collection[str]]) -> list[Parcel]:
    """Frames of the rows, in the languages of each one's sockets. A message is put into words once per language."""
    words: dict[tuple[int, str], Text] = {}
    parcels = []
    for item in items:
        frames = {}
        for language in languages.get(item.customer, ()):
            key = (item.message_id, language)
            text = words.get(key) or words.setdefault(key, render(item.message, language))
            frames[language] = notification_frame(item, text)
        parcels.append(Parcel(item.customer, item.pk, frames))
    return parcels


def notification_frame(item: InboxItem, text: Text) -> str:
    """What a client gets of one notification."""
    notification = notification_json(item, text)
    return frame({"type": "notification", "notification": notification, "cursor": notification["cursor"]})


def unread_frame(count: int) -> str:
    """What a client gets when the number of unread ones may have changed."""
    return frame({"type": "unread", "unread_count": count, "is_capped": count == UNREAD_CAP})


def frame(message: Mapping[str, Any]) -> str:
    """JSON as the API writes it."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _with_message() -> Items:
    return InboxItem.objects.select_related("message")
