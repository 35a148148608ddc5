"""The recipients of a batch, a page at a time: who has the message in the inbox, has not read it, and may want it."""

from dataclasses import dataclass
from uuid import UUID

from notifications.inbox.models import InboxItem, Message
from notifications.inbox.selectors import recipients_between
from notifications.kinds.table import KINDS
from notifications.preferences.selectors import opted_in

from .models import Delivery

PAGE = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Notifications by customer, and the key behind which the next page begins."""

    items: dict[UUID, int]
    done_up_to: UUID


def next_page(delivery: Delivery, after: UUID) -> Page | None:
    """None when there is nobody more.

    Of a kind that goes out over this channel only to those who asked for it, they are looked up first: an audience of
    a million is not walked through for the ten among them.
    """
    kind = KINDS.get(delivery.message.kind)
    if kind is None or kind.is_on_by_default(delivery.channel):
        return _of_inbox(delivery, after)
    return _of_those_who_asked(delivery, after)


def unread_items(message: Message, customers: list[UUID]) -> dict[UUID, int]:
    """Who of them has it and has not read it: whoever has needs nothing else."""
    rows = InboxItem.objects.filter(message=message, customer__in=customers, read_at__isnull=True)
    return dict(rows.values_list("customer", "pk"))


def _of_inbox(delivery: Delivery, after: UUID) -> Page | None:
    rows = recipients_between(delivery.message_id, delivery.from_customer, delivery.to_customer)
    page = list(rows.filter(customer__gt=after, read_at__isnull=True).values_list("customer", "pk")[:PAGE])
    return Page(dict(page), page[-1][0]) if page else None


def _of_those_who_asked(delivery: Delivery, after: UUID) -> Page | None:
    asked = opted_in(delivery.message.kind, delivery.channel).filter(
        customer__gte=delivery.from_customer, customer__lte=delivery.to_customer, customer__gt=after
    )
    customers = list(asked.order_by("customer").values_list("customer", flat=True)[:PAGE])
    return Page(unread_items(delivery.message, customers), customers[-1]) if customers else None
