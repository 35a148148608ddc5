"""How an event is written in the inbox: what the drain reads, whether in SQL or in Python.

Names: id, kind, product, exposure, position, quantity, amount, metadata, occurred, at. Ids are 32 hexadecimal digits,
moments ISO with offset; what is absent has its column's default.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from .models import EventBatch

_encoder = msgspec.json.Encoder(uuid_format="hex")


class Said(NamedTuple):
    """What one actor said in one request; `customer_id` where signed in."""

    actor: UUID
    customer_id: UUID | None
    is_suspect: bool
    # Ids and moments of them as values or as text.
    events: Sequence[dict[str, Any]]


def moment_text(moment: datetime) -> str:
    """A moment as the inbox has it."""
    return moment.astimezone(UTC).isoformat(" ", "microseconds")


def put(said: Sequence[Said], received_at: datetime) -> None:
    """Add rows to the inbox, in one statement: the answer 202 is true as soon as it is committed."""
    table, moment = EventBatch._meta.db_table, connection.ops.adapt_datetimefield_value(received_at)
    values: list[Any] = []
    for each in said:
        events = _encoder.encode(each.events).decode()
        values += [_key(each.customer_id), _key(each.actor), each.is_suspect, events, len(each.events), 0, moment]
    rows = ", ".join(["(%s, %s, %s, %s, %s, %s, %s)"] * len(said))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (customer_id, actor, is_suspect, events, events_count, attempts, received_at) "  # noqa: S608
            f"VALUES {rows}",
            values,
        )


def _key(value: UUID | None) -> Any:
    return None if value is None else value.hex
