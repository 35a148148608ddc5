"""A notification as the API and the sockets write it."""

from typing import Any

from marketplace.core.http import fields

from .cursors import InboxCursor
from .models import InboxItem
from .rendering import Text, params_of

_MOMENT = fields.DateTimeField()


def notification_json(item: InboxItem, text: Text) -> dict[str, Any]:
    """The row with its message and words, ready for JSON."""
    return {
        "id": str(item.pk),
        "kind": item.message.kind,
        "title": text.title,
        "body": text.body,
        "params": params_of(item.message),
        "is_read": item.read_at is not None,
        "read_at": item.read_at and _MOMENT.to_representation(item.read_at),
        "created_at": _MOMENT.to_representation(item.created_at),
        "cursor": str(InboxCursor(item.pk, item.created_at)),
    }
