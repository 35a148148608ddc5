"""Every write to the books. Amounts are `Money` (integer minor units); keys are business keys, used once per scope."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from marketplace.core.clock import db_now
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

from .errors import KeyReusedError, NotReversibleError
from .models import Account, AccountDelta, Hold, Journal, JournalKind, Tally
from .orm_accounts import free_lapsed
from .orm_engine import OrmEngine
from .ports import LedgerEngine
from .postgres_engine import PostgresEngine
from .terms import (
    AccountRef,
    CaptureOrder,
    HoldOrder,
    Leg,
    Placed,
    Posted,
    Transfer,
    expect_legs,
    tally_of,
    undone,
)

REVERSAL_SCOPE = "reversal"


def engine() -> LedgerEngine:
    """The engine for the database at hand."""
    return PostgresEngine() if connection.vendor == "postgresql" else OrmEngine()


def post_transfer(
    *, scope: str, key: str, kind: JournalKind, legs: Sequence[Leg], at: datetime | None = None, source: str = ""
) -> Posted:
    """Post one journal of one or several legs, all or nothing, once per (scope, key).

    Each leg moves a positive amount from `debit` to `credit`. Money that arrives in a journal cannot be spent in the
    same one. `at` is when it happened; None is now by the database. Before a spend is refused, lapsed holds of that
    account are freed under the same lock.
    Raises `InsufficientFundsError`, `KeyReusedError` (same key, other content), `UnknownAccountError` (unknown, or of
    another currency), `ValueError` for legs that make no sense.
    """
    expect_legs(legs)
    transfer = Transfer(scope, key, kind, tuple(legs), at=at, source=source, tally=tally_of(kind))
    return engine().post(transfer)


def post_transfers(*, transfers: Iterable[Transfer]) -> list[Posted]:
    """Post many journals in one round trip, all or nothing, each once per (scope, key); the answers are in order.

    The same as a `post_transfer` each, but what arrives in the batch cannot be spent in it. A key that was posted
    before, or that comes twice, with the same content has one effect; its later answers are replays. What each counts
    as follows from its kind. Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError`, `ValueError`.
    """
    asked = [_counted(transfer) for transfer in transfers]
    unique: dict[tuple[str, str], Transfer] = {}
    for transfer in asked:
        expect_legs(transfer.legs)
        first = unique.setdefault((transfer.scope, transfer.key), transfer)
        if first is not transfer and first.fingerprint != transfer.fingerprint:
            raise KeyReusedError
    if not unique:
        return []
    posted = dict(zip(unique, engine().post_many(list(unique.values())), strict=True))
    if len(unique) == len(asked):
        return list(posted.values())
    answers = []
    for transfer in asked:
        name = (transfer.scope, transfer.key)
        answers.append(posted[name])
        posted[name] = replace(posted[name], is_replay=True)
    return answers


def _counted(transfer: Transfer) -> Transfer:
    tally = tally_of(transfer.kind)
    return transfer if transfer.tally == tally else replace(transfer, tally=tally)


def place_hold(
    *, scope: str, key: str, payer: AccountRef, payee: AccountRef, amount: Money, lasts: timedelta, source: str = ""
) -> Placed:
    """Set money of a strict account aside until the database's clock says `lasts` have passed, once per (scope, key).

    Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError` (also for a lazy payer), `ValueError`.
    """
    return engine().place_hold(_hold_order(scope, key, Leg(payer, payee, amount), lasts, source))


def hold_and_capture(
    *,
    scope: str,
    key: str,
    payer: AccountRef,
    payee: AccountRef,
    amount: Money,
    lasts: timedelta,
    source: str = "",
    capture_key: str,
    at: datetime | None = None,
) -> tuple[Placed, Posted]:
    """Set money of a strict account aside and pay all of it to the payee at once; `lasts` is what the hold says of it.

    For what must be on record as a hold although it is paid at once. Raises `InsufficientFundsError`, `KeyReusedError`
    for any key that was used before, `UnknownAccountError`, `ValueError`.
    """
    order = _hold_order(scope, key, Leg(payer, payee, amount), lasts, source)
    return engine().hold_and_capture(order, CaptureOrder(order.hold_id, capture_key, amount, is_final=True, at=at))


def capture_hold(
    *,
    hold_id: UUID,
    key: str,
    amount: Money | None = None,
    is_final: bool = True,
    at: datetime | None = None,
    kind: JournalKind = JournalKind.CAPTURE,
) -> Posted:
    """Pay `amount` of the hold (None: all that is left) to its payee; the final capture frees the rest.

    `key` names this capture among the hold's; `kind` says what was paid with it. Raises `UnknownHoldError`,
    `HoldNotActiveError` (also when its time has passed), `CaptureExceedsHoldError`, `KeyReusedError`, `ValueError`.
    """
    if amount is not None and amount.minor <= 0:
        raise ValueError("a capture takes something")
    return engine().capture_hold(CaptureOrder(hold_id, key, amount, is_final, at, kind))


def release_hold(*, hold_id: UUID) -> None:
    """Free what is left of the hold; harmless twice. Raises `UnknownHoldError`, `HoldNotActiveError`."""
    engine().release_hold(hold_id)


@transaction.atomic
def reverse_transfer(*, journal_id: int, at: datetime | None = None) -> Posted:
    """Post the opposite of every posting of the journal, once; wallets' totals walk back with it.

    What a capture took is recorded as refunded on its hold. Raises `Journal.DoesNotExist`, `NotReversibleError` for a
    reversal, `InsufficientFundsError` when a receiver has spent the money.
    """
    journal = Journal.objects.get(pk=journal_id)
    if journal.kind == JournalKind.REVERSAL:
        raise NotReversibleError
    postings = list(journal.postings.order_by("-pk"))
    transfer = Transfer(
        scope=REVERSAL_SCOPE,
        key=str(journal_id),
        kind=JournalKind.REVERSAL,
        legs=tuple(Leg(row.credit_id, row.debit_id, Money(row.amount, row.currency)) for row in postings),
        at=at,
        source=journal.source,
        tally=undone(Tally(journal.tally)),
        reverses=journal_id,
    )
    posted = engine().post(transfer)
    if journal.hold_id is not None and not posted.is_replay:
        refunded = sum(row.amount for row in postings)
        Hold.objects.filter(pk=journal.hold_id).update(refunded=F("refunded") + refunded, updated_at=db_now())
    return posted


@transaction.atomic
def free_lapsed_holds(*, limit: int = 500) -> int:
    """Expire holds whose time has passed (tidying: the clock has freed them already); how many accounts changed."""
    payers = (
        Hold.objects.filter(state=Hold.State.ACTIVE, expires_at__lte=db_now())
        .order_by("expires_at")
        .values_list("payer_id", flat=True)[:limit]
    )
    accounts = lock(LockRank.ACCOUNT, Account.objects.filter(pk__in=list(payers)))
    return sum(free_lapsed(account) > 0 for account in accounts)


def roll_up_deltas(*, batch: int = 10_000) -> int:
    """Fold the deltas of lazy accounts into their `posted`; how many rows were consumed.

    One transaction per account: rows are deleted and counted by the same statement, so that none is lost or doubled
    whatever else is being posted meanwhile.
    """
    waiting = AccountDelta.objects.order_by("account_id").values_list("account_id", flat=True).distinct()
    return sum(_roll_up(number, batch) for number in list(waiting))


@transaction.atomic
def roll_up_account(*, account_id: int) -> int:
    """Fold every delta of one lazy account and lock its row; its balance in minor units, exact until the caller commits
    as far as debits through here are concerned. Others may still add to it or take from it.
    """
    while _roll_up(account_id, 10_000):
        pass
    return Account.objects.values_list("posted", flat=True).get(pk=account_id)


@transaction.atomic
def _roll_up(number: int, batch: int) -> int:
    # The account before its deltas, in every path: two that fold at once must not wait for each other in a circle.
    lock(LockRank.ACCOUNT, Account.objects.filter(pk=number))
    table, accounts = AccountDelta._meta.db_table, Account._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE account_id = %s ORDER BY id LIMIT %s) "  # noqa: S608
            "RETURNING amount",
            [number, batch],
        )
        amounts = [row[0] for row in cursor.fetchall()]
        cursor.execute(f"UPDATE {accounts} SET posted = posted + %s WHERE id = %s", [sum(amounts), number])  # noqa: S608
    return len(amounts)


def _hold_order(scope: str, key: str, leg: Leg, lasts: timedelta, source: str) -> HoldOrder:
    expect_legs([leg])
    if lasts <= timedelta(0):
        raise ValueError("a hold lasts for some time")
    return HoldOrder(uuid7(), scope, key, leg.debit, leg.credit, leg.amount, lasts, source)
