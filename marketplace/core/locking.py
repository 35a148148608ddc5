"""One lock order for the whole code base.

Every service that locks rows goes through `lock`. Ranks are taken in ascending order, rows of one rank in
ascending key order; a step back is a programming error and raised at once, so that a deadlock shows in
the first test instead of in the on-sale minute. A lock that does not come within the database's
`lock_timeout` ends as 503 with Retry-After (`core.http.problems`).
"""

import sqlite3
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connections, models
from django.db.models import QuerySet

ModelT = TypeVar("ModelT", bound=models.Model)


class LockRank(IntEnum):
    """The house order (foundations: idempotency key first, loyalty last), between the two rows of a person.

    PERSON is the account's own row: who administers or erases somebody holds it before anything else of theirs.
    CUSTOMER is the profile with what is derived from it: written when everything else is decided.
    """

    IDEMPOTENCY_KEY = 10
    PERSON = 15
    PLAN = 20
    # Lists of gifts, then their gifts: what is given towards them and what is bought from them.
    GIFT_LIST = 25
    CART = 30
    ORDER = 40
    PAYMENT = 50
    ACTIVE_HOLD = 60
    PROMOTION_UNIT = 70
    CAMPAIGN_USAGE = 80
    # Suppliers, then their orders. A receipt holds its order before it changes costs (catalogue) and stock; no sale
    # ever holds one, so it is no ORDER.
    PURCHASE_ORDER = 84
    # A store's list of people, a department's category tree: edited by staff, never in a sale.
    CATALOG = 85
    STOCK = 90
    ACCOUNT = 100
    LOYALTY = 110
    CUSTOMER = 120
    # What is being told to many: a broadcast, then its fan-out. Nothing else is locked behind them.
    NOTICE = 130


class LockOrderError(RuntimeError):
    """Code took locks against the house order. A defect, never a user's doing."""


@dataclass(slots=True)
class _Held:
    """What one transaction has locked so far: its highest rank, and the keys by rank and table."""

    transaction: object
    savepoint: str | None
    rank: LockRank
    keys: dict[tuple[LockRank, str], set[Any]] = field(default_factory=dict)


def enter(rank: LockRank, using: str = "default") -> None:
    """Declare that rows of `rank` are about to be locked (for statements that lock by themselves).

    Raises `LockOrderError` outside a transaction, or after a higher rank in the same transaction.
    """
    _enter(rank, using)


def note_locked(rank: LockRank, model: type[models.Model], key: Any, using: str = "default") -> None:
    """Say which row a statement has locked by itself, after `enter`: the order of keys is kept across calls too.

    Raises `LockOrderError` like `lock`.
    """
    _take(_enter(rank, using), rank, model._meta.label, {key})


def in_transaction(using: str = "default") -> bool:
    """Whether a caller's transaction is open (a test case's own does not count)."""
    connection: Any = connections[using]
    return any(not block._from_testcase for block in connection.atomic_blocks)


def lock(rank: LockRank, rows: "QuerySet[ModelT]") -> list[ModelT]:
    """Lock the rows in key order and return them as they are now.

    Rows that this transaction holds already may be locked again at any time: there is nothing to wait for. Raises
    `LockOrderError` like `enter`, and for a row that comes before one of the same table and rank that this transaction
    holds already: two calls must not undo the order that one call keeps.
    """
    held = _held(rows.db, rank)
    is_step_back = rank < held.rank
    if is_step_back and (rank, rows.model._meta.label) not in held.keys:
        raise LockOrderError(f"{rank.name} locked after {held.rank.name}")
    locked = list(rows.order_by("pk").select_for_update(of=("self",), no_key=True))
    found = {row.pk for row in locked}
    if is_step_back and not found <= held.keys[rank, rows.model._meta.label]:
        raise LockOrderError(f"{rank.name} locked after {held.rank.name}")
    if not is_step_back:
        held.rank = rank
        _take(held, rank, rows.model._meta.label, found)
    return locked


def _take(held: _Held, rank: LockRank, table: str, found: set[Any]) -> None:
    keys = held.keys.setdefault((rank, table), set())
    new = found - keys
    if new and keys and min(new) < max(keys):
        raise LockOrderError(f"{rank.name}: a row locked after one with a higher key")
    keys |= new


def _enter(rank: LockRank, using: str) -> _Held:
    held = _held(using, rank)
    if rank < held.rank:
        raise LockOrderError(f"{rank.name} locked after {held.rank.name}")
    held.rank = rank
    return held


def _held(using: str, rank: LockRank) -> _Held:
    """What the transaction holds; `rank` is what it begins with."""
    connection: Any = connections[using]
    if all(block._from_testcase for block in connection.atomic_blocks):
        raise LockOrderError(f"{rank.name} locked outside a transaction")
    transaction, savepoint = _identity(connection)
    held: _Held | None = getattr(connection, "_house_lock", None)
    if held is None or held.transaction is not transaction or held.savepoint != savepoint:
        held = connection._house_lock = _Held(transaction, savepoint, rank)
    return held


def _identity(connection: Any) -> tuple[object, str | None]:
    """What tells this transaction from the one before it on the same connection.

    Django starts a new list of commit hooks with every transaction (an `atomic` decorator, in contrast, is one
    object for all its calls). Below a test case's own transaction a savepoint plays the transaction's part.
    """
    outer = sum(block._from_testcase for block in connection.atomic_blocks)
    return connection.run_on_commit, connection.savepoint_ids[outer - 1] if outer else None


def is_lock_timeout(error: BaseException) -> bool:
    """Whether the database gave up waiting: lock_timeout, a deadlock's victim, or SQLite's busy time-out."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return _sqlite_code(cause) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
    return getattr(cause, "pgcode", None) in {"55P03", "40P01", "40001"}


def is_statement_timeout(error: BaseException) -> bool:
    """Whether the database ended a statement that took longer than `statement_timeout`."""
    return getattr(error.__cause__, "pgcode", None) == "57014"


def is_unavailable(error: BaseException) -> bool:
    """Whether the same request may succeed a moment later: a lock time-out, or a database that is out or overloaded."""
    if is_lock_timeout(error):
        return True
    if not isinstance(error, OperationalError | InterfaceError) or isinstance(error.__cause__, sqlite3.Error):
        return False
    # No code: the connection failed or broke. 08 connection, 53 resources, 57 shut down or cancelled by a limit.
    code = getattr(error.__cause__, "pgcode", None)
    return code is None or code[:2] in {"08", "53", "57"}


def _sqlite_code(error: sqlite3.Error) -> int:
    # The low byte is the primary code; extended codes say more, such as "busy because of a snapshot".
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
