"""Where a reader is in an inbox, so that whoever was away hears what came meanwhile."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

OVERLAP = timedelta(seconds=60)
"""Ids are not commit order: what was written this long before the cursor's row may have appeared after it."""
MAX_LENGTH = 100
_LATEST = 253_402_300_799_000_000


class UnreadableCursorError(ValueError):
    """No cursor of ours."""


@dataclass(frozen=True, slots=True)
class InboxCursor:
    """An inbox row, and when it was written."""

    item_id: int
    at: datetime

    def __str__(self) -> str:
        raw = json.dumps([self.item_id, round(self.at.timestamp() * 1_000_000)], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def read_cursor(text: str) -> InboxCursor:
    """Raises `UnreadableCursorError`."""
    try:
        if not (text.isascii() and len(text) <= MAX_LENGTH):
            raise UnreadableCursorError
        padded = text.encode() + b"=" * (-len(text) % 4)
        item_id, micros = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not (_is_count(item_id, 2**63) and _is_count(micros, _LATEST)):
            raise UnreadableCursorError
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableCursorError from error
    return InboxCursor(item_id, datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))


def _is_count(value: object, below: int) -> bool:
    return type(value) is int and 0 <= value < below
