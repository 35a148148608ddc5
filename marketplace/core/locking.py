"""One lock order for the whole code base.

Every service that locks rows goes through `lock`. Ranks are taken in ascending order, rows of one rank in
ascending key order; a step back is a programming error and raised at once, so that a deadlock shows in
the first test instead of in the on-sale minute. A lock that does not come within the database's
`lock_timeout` ends as 503 with Retry-After (`core.http.problems`).
"""

from enum import IntEnum
from typing import Any, TypeVar

from django.db import DatabaseError, OperationalError, connections, models
from django.db.models import QuerySet

ModelT = TypeVar("ModelT", bound=models.Model)


class LockRank(IntEnum):
    """The house order (foundations: idempotency key first, loyalty last)."""

    IDEMPOTENCY_KEY = 10
    PLAN = 20
    CART = 30
    ORDER = 40
    PAYMENT = 50
    ACTIVE_HOLD = 60
    PROMOTION_UNIT = 70
    CAMPAIGN_USAGE = 80
    # A store's list of people, a department's category tree: edited by staff, never in a sale.
    CATALOG = 85
    STOCK = 90
    ACCOUNT = 100
    LOYALTY = 110


class LockOrderError(RuntimeError):
    """Code took locks against the house order. A defect, never a user's doing."""


def enter(rank: LockRank, using: str = "default") -> None:
    """Declare that rows of `rank` are about to be locked (for statements that lock by themselves).

    Raises `LockOrderError` outside a transaction, or after a higher rank in the same transaction.
    """
    connection: Any = connections[using]
    blocks = [block for block in connection.atomic_blocks if not block._from_testcase]
    if not blocks:
        raise LockOrderError(f"{rank.name} locked outside a transaction")
    outermost, highest = getattr(connection, "_house_lock", (None, rank))
    if outermost is not blocks[0]:
        highest = rank
    if rank < highest:
        raise LockOrderError(f"{rank.name} locked after {LockRank(highest).name}")
    connection._house_lock = (blocks[0], rank)


def lock(rank: LockRank, rows: "QuerySet[ModelT]") -> list[ModelT]:
    """Lock the rows in key order and return them as they are now."""
    enter(rank, rows.db)
    return list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))


def is_lock_timeout(error: DatabaseError) -> bool:
    """Whether the database gave up waiting: lock_timeout, a deadlock's victim, or SQLite's busy time-out."""
    cause = error.__cause__
    if getattr(cause, "pgcode", None) in {"55P03", "40P01", "40001"}:
        return True
    return isinstance(error, OperationalError) and "database is locked" in str(error)
