"""Writes of the inbox."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import NotFoundError
from marketplace.core.ids import uuid7
from marketplace.core.outbox.publishing import publish, publish_all
from notifications.events import InboxFilled
from notifications.kinds.channels import Channel
from notifications.kinds.table import ANNOUNCEMENT, KINDS
from notifications.preferences.selectors import wanted
from users import facade as users

from .errors import UnknownRecipientsError
from .models import InboxItem, Message


@transaction.atomic
def write_message(
    *, kind: str, params: dict[str, Any], dedupe_key: str, at: datetime, recipient: UUID | None = None
) -> Message:
    """The message about that fact: written now, or the one that is there already. `params` are JSON-ready values."""
    Message.objects.bulk_create(
        [Message(kind=kind, params=params, dedupe_key=dedupe_key, recipient=recipient, created_at=at)],
        ignore_conflicts=True,
    )
    return Message.objects.get(dedupe_key=dedupe_key)


@transaction.atomic
def tell_customer(
    *,
    kind: str,
    customer_id: UUID,
    params: dict[str, Any],
    dedupe_key: str,
    at: datetime,
    channels: Sequence[str] | None = None,
) -> Message:
    """Put a message into one customer's inbox, unless they switched the kind off. Harmless twice.

    It may go out on what the kind says, or on `channels`.
    """
    message = write_message(kind=kind, params=params, dedupe_key=dedupe_key, at=at, recipient=customer_id)
    _put_into_inboxes(message, [customer_id], at, channels)
    return message


@transaction.atomic
def tell_each(*, kind: str, messages: Mapping[UUID, dict[str, Any]], fact: str, at: datetime) -> int:
    """Tell each of these customers something of their own, set-wise; how many were told. `messages` are parameters.

    The same `fact` is told to a customer once. A handful of statements for any number.
    """
    people = wanted(kind, Channel.INBOX, messages)
    keys = {f"{kind}:{customer}:{fact}": customer for customer in sorted(people)}
    told = set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    rows = [
        Message(kind=kind, params=messages[customer], dedupe_key=key, recipient=customer, created_at=at)
        for key, customer in keys.items()
        if key not in told
    ]
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    written = Message.objects.filter(dedupe_key__in=[row.dedupe_key for row in rows])
    news = [(pk, keys[key]) for pk, key in written.values_list("pk", "dedupe_key")]
    InboxItem.objects.bulk_create(
        (InboxItem(customer=customer, message_id=pk, created_at=at) for pk, customer in news), ignore_conflicts=True
    )
    channels = KINDS[kind].channels
    publish_all(
        InboxFilled(message_id=pk, from_customer=customer, to_customer=customer, channels=channels)
        for pk, customer in news
    )
    return len(news)


@transaction.atomic
def tell_staff(*, kind: str, permission: str, params: dict[str, Any], dedupe_key: str, at: datetime) -> Message:
    """Put a message into the inbox of everybody of the house who has the permission. Harmless twice."""
    people = users.staff_with(permission)
    return tell_people(kind=kind, people=people, params=params, dedupe_key=dedupe_key, at=at)


@transaction.atomic
def tell_people(
    *, kind: str, people: Collection[UUID], params: dict[str, Any], dedupe_key: str, at: datetime
) -> Message:
    """Put a message into the inbox of each of a few people, but for those who switched the kind off. Harmless twice."""
    message = write_message(kind=kind, params=params, dedupe_key=dedupe_key, at=at)
    _put_into_inboxes(message, people, at)
    return message


@transaction.atomic
def send_announcement(
    *, title: str, body: str, customer_ids: Sequence[UUID], actor_id: UUID, at: datetime
) -> tuple[Message, int]:
    """Staff tell these customers something in their own words; the message, and how many people were told.

    Raises `UnknownRecipientsError` when one of them is not there (any more); nobody is told then.
    """
    wanted = set(customer_ids)
    if not users.accounts_exist(wanted):
        raise UnknownRecipientsError
    message = write_message(
        kind=ANNOUNCEMENT,
        params={"title": title, "body": body},
        dedupe_key=f"{ANNOUNCEMENT}:{uuid7()}",
        at=at,
        recipient=next(iter(wanted)) if len(wanted) == 1 else None,
    )
    InboxItem.objects.bulk_create(
        InboxItem(customer=customer, message=message, created_at=at) for customer in sorted(wanted)
    )
    audit.record(
        actor_id=actor_id,
        action="notifications.send_announcement",
        subject=message,
        after={"recipients": len(wanted)},
    )
    return message, len(wanted)


def _put_into_inboxes(
    message: Message, people: Collection[UUID], at: datetime, channels: Sequence[str] | None = None
) -> None:
    outside = KINDS[message.kind].channels if channels is None else tuple(channels)
    told = sorted(wanted(message.kind, Channel.INBOX, people))
    InboxItem.objects.bulk_create(
        (InboxItem(customer=person, message=message, created_at=at) for person in told), ignore_conflicts=True
    )
    publish(
        *(
            InboxFilled(message_id=message.pk, from_customer=person, to_customer=person, channels=outside)
            for person in told
        )
    )


def mark_item(*, item: InboxItem, is_read: bool, at: datetime) -> InboxItem:
    """Read or unread; the first moment of reading is kept when it is marked read again."""
    if is_read:
        InboxItem.objects.filter(pk=item.pk, read_at__isnull=True).update(read_at=at)
    else:
        InboxItem.objects.filter(pk=item.pk).update(read_at=None)
    item.refresh_from_db(fields=["read_at"])
    return item


def mark_read(*, customer_id: UUID, item_id: int, at: datetime) -> None:
    """Mark one of the customer's own as read; harmless twice. Raises `NotFoundError`."""
    item = InboxItem.objects.filter(customer=customer_id, pk=item_id).first()
    if item is None:
        raise NotFoundError
    mark_item(item=item, is_read=True, at=at)


def mark_all(*, customer_id: UUID, at: datetime) -> int:
    """Everything this customer has not read yet, in one statement; how many."""
    return InboxItem.objects.filter(customer=customer_id, read_at__isnull=True).update(read_at=at)


@transaction.atomic
def forget_customer(customer_id: UUID) -> None:
    """Erasure: the inbox and what was said to this person alone. What was said to many stays without them."""
    InboxItem.objects.filter(customer=customer_id).delete()
    Message.objects.filter(recipient=customer_id).delete()
