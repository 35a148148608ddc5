"""The inbox as pages show it."""

from uuid import UUID

from notifications.contracts import Notice

from .models import InboxItem
from .rendering import params_of, render
from .selectors import inbox_of


def notices_of(customer_id: UUID, *, language: str, limit: int) -> list[Notice]:
    """The customer's latest notifications, newest first, in that language; one query."""
    return [_notice(item, language) for item in inbox_of(customer_id).order_by("-message_id")[:limit]]


def _notice(item: InboxItem, language: str) -> Notice:
    text = render(item.message, language)
    return Notice(
        notice_id=item.pk,
        kind=item.message.kind,
        title=text.title,
        body=text.body,
        is_read=item.read_at is not None,
        created_at=item.created_at,
        params=params_of(item.message),
    )
