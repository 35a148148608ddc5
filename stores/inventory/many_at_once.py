"""Movements of several items in one statement, on PostgreSQL: lock, check, counters and movements, all or none.

`held` locks the rows in key order and sees them as they are after the wait. The first movement takes the key; the
counters and the other movements follow only where it did, so a key that was used before changes nothing.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from marketplace.core.clock import now_sql
from marketplace.core.locking import LockRank, enter, note_locked

from .at_once import Moved
from .models import StockItem, StockMovement
from .movements import MAX_ON_HAND, Change

_COLUMNS: Final = (
    "stock_item_id, kind, quantity, from_allocated, on_hand_after, allocated_after, idem_key, cause, reason, actor_id, "
    "created_at"
)
_NOTES: Final = (
    "id, kind, quantity, from_allocated, on_hand + more_on_hand, allocated + more_allocated, key, "
    "%(cause)s, %(reason)s, %(actor)s::uuid, {now}"
)
_STATEMENT: Final = f"""
WITH held AS (
    SELECT i.id, i.on_hand, i.allocated, w.*
    FROM unnest(
        %(variants)s::uuid[], %(stores)s::uuid[], %(kinds)s::text[], %(quantities)s::int[], %(from_allocated)s::int[],
        %(on_hand)s::int[], %(allocated)s::int[], %(demands)s::int[], %(reserved)s::bool[]
    ) w (variant, store, kind, quantity, from_allocated, more_on_hand, more_allocated, demand, is_reserved)
    JOIN {StockItem._meta.db_table} i ON i.variant_id = w.variant AND i.store_id = w.store
    ORDER BY i.id FOR NO KEY UPDATE OF i
), placed AS (
    SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM held
), keyed AS (
    SELECT *, CASE place WHEN 0 THEN %(key)s ELSE %(key)s || '#' || place END AS key FROM placed
    WHERE (
        SELECT count(*) = %(count)s AND bool_and(
            CASE WHEN is_reserved THEN allocated ELSE on_hand - allocated END >= demand
            AND on_hand + more_on_hand <= %(most)s
        ) FROM held
    )
), first AS (
    INSERT INTO {StockMovement._meta.db_table} ({_COLUMNS}) SELECT {_NOTES} FROM keyed WHERE place = 0
    ON CONFLICT DO NOTHING RETURNING id, stock_item_id
), others AS (
    INSERT INTO {StockMovement._meta.db_table} ({_COLUMNS})
    SELECT {_NOTES} FROM keyed WHERE place > 0 AND EXISTS (SELECT FROM first) RETURNING id, stock_item_id
), moved AS (
    UPDATE {StockItem._meta.db_table} i
    SET on_hand = k.on_hand + more_on_hand, allocated = k.allocated + more_allocated, updated_at = {{now}}
    FROM keyed k WHERE i.id = k.id AND EXISTS (SELECT FROM first)
    RETURNING i.id, i.variant_id, i.store_id, i.on_hand, i.allocated, i.reorder_point
)
SELECT moved.variant_id, moved.store_id, moved.id, on_hand, allocated, reorder_point, noted.id
FROM moved JOIN (SELECT * FROM first UNION ALL SELECT * FROM others) noted ON noted.stock_item_id = moved.id
ORDER BY moved.id
"""  # noqa: S608 - names of tables and columns


def move_many_at_once(
    changes: Mapping[tuple[UUID, UUID], Change], *, idem_key: str, cause: str, reason: str, actor_id: UUID | None
) -> Sequence[tuple[tuple[UUID, UUID], Moved]] | None:
    """Move all, inside the caller's transaction; None where one is missing, short or moved before: the caller says so.

    In key order, which is the order of the movements' keys. Raises `LockOrderError`.
    """
    if connection.vendor != "postgresql":
        return None
    enter(LockRank.STOCK)
    places, moves = list(changes), list(changes.values())
    values: dict[str, Any] = {
        "variants": [variant_id for variant_id, _store_id in places],
        "stores": [store_id for _variant_id, store_id in places],
        "kinds": [change.kind.value for change in moves],
        "quantities": [change.quantity for change in moves],
        "from_allocated": [change.from_allocated for change in moves],
        "on_hand": [change.on_hand for change in moves],
        "allocated": [change.allocated for change in moves],
        "demands": [change.demand for change in moves],
        "reserved": [change.takes_reserved for change in moves],
        "count": len(moves),
        "most": MAX_ON_HAND,
        "key": idem_key,
        "cause": cause,
        "reason": reason,
        "actor": actor_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT.format(now=now_sql(connection)), values)
        rows = cursor.fetchall()
    for row in rows:
        note_locked(LockRank.STOCK, StockItem, row[2])
    return [((row[0], row[1]), Moved(*row[2:])) for row in rows] or None
