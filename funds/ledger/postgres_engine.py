"""PostgreSQL: one function call, one round trip for each movement of money (functions: migrations 0002, 0003)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from marketplace.core.locking import LockRank, enter, in_transaction
from marketplace.core.money import Money

from .errors import (
    CaptureExceedsHoldError,
    HoldNotActiveError,
    KeyReusedError,
    UnknownAccountError,
    UnknownHoldError,
)
from .ports import insufficient
from .postgres_batch import BATCH_STATEMENT, batch_values
from .terms import AccountRef, CaptureOrder, HoldOrder, Placed, Posted, Transfer, tally_of

CAPTURE_SCOPE = "capture"
_CAPTURED: Final = "journal, outcome, hold_state, left_over, hold_currency"
_CAPTURE: Final = "funds_capture_hold(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_CAPTURE_PLACED: Final = _CAPTURE.replace("%s", "CASE placed.outcome WHEN 'placed' THEN placed.hold END", 1)


class PostgresEngine:
    """Calls `funds_post_transfer` and its sisters; accounts named by key are opened inside the same statement."""

    def post(self, transfer: Transfer) -> Posted:
        """Post a journal once per (scope, key)."""
        if len(transfer.legs) > 1:
            return self.post_many([transfer])[0]
        (leg,) = transfer.legs
        debit, debit_values = _account(leg.debit)
        credit, credit_values = _account(leg.credit)
        journal, outcome, missing = _call(
            "SELECT journal, outcome, missing FROM funds_post_leg("  # noqa: S608 - places only, values apart
            f"%s, %s, %s, %s, %s, %s, %s, %s, {debit}, {credit}, %s, %s)",
            [
                transfer.scope,
                transfer.key,
                transfer.fingerprint,
                transfer.kind.value,
                transfer.tally.value,
                transfer.source,
                transfer.at,
                transfer.reverses,
                *debit_values,
                *credit_values,
                leg.amount.currency,
                leg.amount.minor,
            ],
        )
        if outcome == "insufficient":
            raise insufficient(missing, leg.amount.currency)
        return _posted(journal, outcome)

    def post_many(self, transfers: Sequence[Transfer]) -> list[Posted]:
        """Post journals of different keys, all or nothing."""
        journals, replays, outcome, missing, currency = _call(BATCH_STATEMENT, batch_values(transfers))
        match outcome:
            case "insufficient":
                raise insufficient(missing, currency)
            case "reused":
                raise KeyReusedError
            case "mismatch":
                raise UnknownAccountError
        return [Posted(number, is_replay=replay) for number, replay in zip(journals, replays, strict=True)]

    def place_hold(self, order: HoldOrder) -> Placed:
        """Set money aside."""
        call, values = _hold_call(order)
        row = _call(f"SELECT hold, expires, outcome, missing FROM {call}", values)  # noqa: S608 - places only
        return _placed(order, *row)

    def capture_hold(self, order: CaptureOrder) -> Posted:
        """Pay a hold or part of it to its payee."""
        values = [order.hold_id, *_capture_values(order)]
        return _captured(*_call(f"SELECT {_CAPTURED} FROM {_CAPTURE}", values))  # noqa: S608 - places only

    def hold_and_capture(self, order: HoldOrder, capture: CaptureOrder) -> tuple[Placed, Posted]:
        """Set money aside and pay all of it at once: one statement, whose second call sees what the first has written.

        What was not placed just now is not captured either: there is no hold of no name.
        """
        call, values = _hold_call(order)
        row = _call(
            f"WITH placed AS MATERIALIZED (SELECT hold, expires, outcome, missing FROM {call}) "  # noqa: S608 - places
            f"SELECT placed.*, taken.* FROM placed, LATERAL (SELECT {_CAPTURED} FROM {_CAPTURE_PLACED}) taken",
            [*values, *_capture_values(capture)],
        )
        placed = _placed(order, *row[:4])
        if placed.is_replay:
            raise KeyReusedError
        return placed, _captured(*row[4:])

    def release_hold(self, hold_id: UUID) -> None:
        """Free what is left of a hold."""
        outcome, state = _call("SELECT outcome, hold_state FROM funds_release_hold(%s)", [hold_id])
        if outcome == "unknown":
            raise UnknownHoldError
        if outcome == "inactive":
            raise HoldNotActiveError(state=state)


def _hold_call(order: HoldOrder) -> tuple[str, list[Any]]:
    payer, payer_values = _account(order.payer)
    payee, payee_values = _account(order.payee)
    identity = [order.hold_id, order.scope, order.key, order.fingerprint]
    terms = [order.amount.currency, order.amount.minor, order.lasts, order.source]
    call = f"funds_place_hold(%s, %s, %s, %s, {payer}, {payee}, %s, %s, %s, %s)"
    return call, [*identity, *payer_values, *payee_values, *terms]


def _placed(order: HoldOrder, hold: UUID, expires_at: datetime, outcome: str, missing: int) -> Placed:
    match outcome:
        case "insufficient":
            raise insufficient(missing, order.amount.currency)
        case "reused":
            raise KeyReusedError
        case "mismatch":
            raise UnknownAccountError
    return Placed(hold, expires_at, is_replay=outcome == "replayed")


def _capture_values(order: CaptureOrder) -> list[Any]:
    """All but the hold."""
    return [
        CAPTURE_SCOPE,
        order.idem_key,
        order.fingerprint,
        order.kind.value,
        tally_of(order.kind).value,
        None if order.amount is None else order.amount.minor,
        order.is_final,
        order.at,
    ]


def _captured(journal: int, outcome: str, state: str, left: int, currency: str) -> Posted:
    match outcome:
        case "unknown":
            raise UnknownHoldError
        case "inactive":
            raise HoldNotActiveError(state=state)
        case "exceeds":
            raise CaptureExceedsHoldError(left=f"{Money(left, currency).decimal:f}", currency=currency)
    return _posted(journal, outcome)


def _call(statement: str, values: list[Any]) -> tuple[Any, ...]:
    # Alone, the statement is its own transaction and needs no BEGIN and COMMIT. Inside the caller's it needs no
    # savepoint either: a refusal is an answer, not a database error, and has written nothing.
    if not in_transaction():
        return _execute(statement, values)
    with transaction.atomic(savepoint=False):
        enter(LockRank.ACCOUNT)
        return _execute(statement, values)


def _execute(statement: str, values: list[Any]) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] = cursor.fetchone()
        return row


def _posted(journal: int, outcome: str) -> Posted:
    if outcome == "reused":
        raise KeyReusedError
    if outcome == "mismatch":
        raise UnknownAccountError
    return Posted(journal, is_replay=outcome == "replayed")


def _account(ref: AccountRef) -> tuple[str, list[Any]]:
    if isinstance(ref, int):
        return "%s", [ref]
    values = [ref.owner_kind.value, ref.owner_id, ref.kind.value, ref.currency, ref.is_strict]
    return "funds_open_account(%s, %s, %s, %s, %s)", values
