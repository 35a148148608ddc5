"""One movement of one item: guard, counters and movement in a single statement on PostgreSQL, in two on SQLite.

The guarded update is lock and check in one: whoever waited for the row is checked against what it holds then. The
order of things on a hot item is kept short: one trip to the database between taking the row and letting it go.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from marketplace.core.clock import now_sql
from marketplace.core.locking import LockRank, enter, note_locked

from .models import StockItem, StockMovement
from .movements import MAX_ON_HAND, Change

_ITEM: Final = StockItem._meta.db_table
_MOVEMENT: Final = StockMovement._meta.db_table

# What must be there: what is set aside for releases and reserved sales, what is not set aside for the rest.
_RESERVED: Final = "allocated >= %(demand)s"
_AVAILABLE: Final = "on_hand - allocated >= %(demand)s"

_UPDATE: Final = (
    f"UPDATE {_ITEM} SET on_hand = on_hand + %(on_hand)s, allocated = allocated + %(allocated)s, updated_at = {{now}} "  # noqa: S608
    "WHERE variant_id = %(variant)s AND store_id = %(store)s AND on_hand + %(on_hand)s <= %(most)s AND {guard} "
    "RETURNING id, on_hand, allocated, reorder_point"
)
_COLUMNS: Final = (
    "stock_item_id, kind, quantity, from_allocated, on_hand_after, allocated_after, idem_key, cause, reason, actor_id, "
    "created_at"
)
_NOTE: Final = (
    "%(kind)s, %(quantity)s, %(from_allocated)s, {counters}, %(key)s, %(cause)s, %(reason)s, %(actor)s, {now}"
)
_WHOLE: Final = (
    f"WITH moved AS ({_UPDATE}), noted AS (INSERT INTO {_MOVEMENT} ({_COLUMNS}) "  # noqa: S608
    f"SELECT id, {_NOTE.replace('{counters}', 'on_hand, allocated')} FROM moved "
    "ON CONFLICT DO NOTHING RETURNING id) "
    "SELECT moved.id, on_hand, allocated, reorder_point, noted.id FROM moved LEFT JOIN noted ON true"
)
_INSERT: Final = (
    f"INSERT INTO {_MOVEMENT} ({_COLUMNS}) "  # noqa: S608
    f"VALUES (%(item)s, {_NOTE.replace('{counters}', '%(on_hand_after)s, %(allocated_after)s')}) "
    "ON CONFLICT DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """The item after the movement. Without a `movement_id` the key had its movement before, and nothing happened."""

    item_id: UUID
    on_hand: int
    allocated: int
    reorder_point: int
    movement_id: int | None

    def as_item(self, variant_id: UUID, store_id: UUID) -> StockItem:
        """The row as the statement left it."""
        return StockItem(
            pk=self.item_id,
            variant_id=variant_id,
            store_id=store_id,
            on_hand=self.on_hand,
            allocated=self.allocated,
            reorder_point=self.reorder_point,
        )


def move_at_once(
    change: Change,
    *,
    variant_id: UUID,
    store_id: UUID,
    idem_key: str,
    cause: str = "",
    reason: str = "",
    actor_id: UUID | None = None,
) -> Moved | None:
    """Move, inside the caller's transaction; None when the item is not there or cannot give it, for the caller to say.

    A key that had its movement is given back what was taken. Raises `LockOrderError`.
    """
    enter(LockRank.STOCK)
    key = StockItem._meta.get_field("id")
    values: dict[str, Any] = {
        "on_hand": change.on_hand,
        "allocated": change.allocated,
        "demand": change.demand,
        "most": MAX_ON_HAND,
        "variant": key.get_db_prep_value(variant_id, connection),
        "store": key.get_db_prep_value(store_id, connection),
        "kind": change.kind.value,
        "quantity": change.quantity,
        "from_allocated": change.from_allocated,
        "key": idem_key,
        "cause": cause,
        "reason": reason,
        "actor": StockMovement._meta.get_field("actor_id").get_db_prep_value(actor_id, connection),
    }
    row = _run(values, guard=_guard(change))
    if row is None:
        return None
    moved = Moved(key.to_python(row[0]), row[1], row[2], row[3], row[4])
    note_locked(LockRank.STOCK, StockItem, moved.item_id)
    if moved.movement_id is None:
        _give_back(values)
    return moved


def _guard(change: Change) -> str:
    return _RESERVED if change.takes_reserved else _AVAILABLE


def _run(values: dict[str, Any], *, guard: str) -> Any:
    places = {"now": now_sql(connection), "guard": guard}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_WHOLE.format(**places), values)
            return cursor.fetchone()
        cursor.execute(_UPDATE.format(**places), values)
        row = cursor.fetchone()
        if row is None:
            return None
        own = values | {"item": row[0], "on_hand_after": row[1], "allocated_after": row[2]}
        cursor.execute(_INSERT.format(**places), own)
        noted = cursor.fetchone()
        return (*row, None if noted is None else noted[0])


def _give_back(values: dict[str, Any]) -> None:
    """Nobody has seen what was taken: the row is ours until the end of the transaction."""
    back = values | {"on_hand": -values["on_hand"], "allocated": -values["allocated"]}
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE.format(now=now_sql(connection), guard="TRUE"), back)
        cursor.fetchone()
