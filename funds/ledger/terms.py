"""What the ledger is asked and what it answers, as plain values: accounts by key, legs, orders to post, receipts."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from marketplace.core.ids import NIL
from marketplace.core.money import Money

from .models import AccountKind, JournalKind, OwnerKind, Tally

STRICT_KINDS: Final = frozenset({AccountKind.WALLET, AccountKind.POT, AccountKind.PAYOUT})
"""People's money, and what is set aside for a store's payout: locked and floored. Every other kind is lazy."""

_TALLIES: Final = {
    JournalKind.DEPOSIT: Tally.DEPOSITED,
    JournalKind.ORDER_PAYMENT: Tally.SPENT,
    JournalKind.ORDER_REFUND: Tally.SPENT_BACK,
    JournalKind.CAPTURE: Tally.SPENT,
    JournalKind.DEPOSIT_REFUND: Tally.DEPOSIT_BACK,
    JournalKind.CHARGE_BACK: Tally.DEPOSIT_BACK,
}

_UNDONE: Final = {Tally.DEPOSITED: Tally.DEPOSIT_BACK, Tally.SPENT: Tally.SPENT_BACK}


@dataclass(frozen=True, slots=True)
class AccountKey:
    """An account by what it is. It opens by itself when it is first used."""

    owner_kind: OwnerKind
    owner_id: UUID
    kind: AccountKind
    currency: str

    @property
    def is_strict(self) -> bool:
        """Whether the account may never go below zero."""
        return self.kind in STRICT_KINDS

    @classmethod
    def wallet(cls, customer_id: UUID, currency: str) -> "AccountKey":
        """A customer's wallet."""
        return cls(OwnerKind.CUSTOMER, customer_id, AccountKind.WALLET, currency)

    @classmethod
    def house(cls, kind: AccountKind, currency: str) -> "AccountKey":
        """An account of the house (escrow, commission, tax, …)."""
        return cls(OwnerKind.HOUSE, NIL, kind, currency)

    @classmethod
    def of_store(cls, kind: AccountKind, store_id: UUID, currency: str) -> "AccountKey":
        """A store's account (payable, or its payout reserve)."""
        return cls(OwnerKind.STORE, store_id, kind, currency)

    @classmethod
    def pot(cls, pot_id: UUID, currency: str) -> "AccountKey":
        """Money that people put together for a list of gifts, or for one gift of it; its id is the pot's."""
        return cls(OwnerKind.POT, pot_id, AccountKind.POT, currency)

    @classmethod
    def receivable(cls, customer_id: UUID, currency: str) -> "AccountKey":
        """The twin of a wallet that a charge-back emptied: a negative balance is what the customer owes."""
        return cls(OwnerKind.CUSTOMER, customer_id, AccountKind.RECEIVABLE, currency)

    @classmethod
    def clearing(cls, provider_id: UUID, currency: str) -> "AccountKey":
        """What a payment provider owes us, as a negative balance."""
        return cls(OwnerKind.PROVIDER, provider_id, AccountKind.CLEARING, currency)


AccountRef = AccountKey | int
"""An account by its key or by its number."""


@dataclass(frozen=True, slots=True)
class Leg:
    """Money that leaves `debit` and arrives at `credit`."""

    debit: AccountRef
    credit: AccountRef
    amount: Money


@dataclass(frozen=True, slots=True)
class Transfer:
    """One journal to be posted, under a key that can be used once within its scope."""

    scope: str
    key: str
    kind: JournalKind
    legs: tuple[Leg, ...]
    at: datetime | None = None  # None: the database's clock
    source: str = ""
    tally: Tally = Tally.NONE
    reverses: int | None = None

    @property
    def fingerprint(self) -> str:
        """A hash of everything but the moment: a retry comes later than the first try."""
        return fingerprint(self.kind, self.source, self.tally, self.reverses, *map(_leg_text, self.legs))


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """Money to be set aside on a strict account for `lasts`."""

    hold_id: UUID
    scope: str
    key: str
    payer: AccountRef
    payee: AccountRef
    amount: Money
    lasts: timedelta
    source: str = ""

    @property
    def fingerprint(self) -> str:
        """A hash of what was asked for."""
        seconds = str(self.lasts.total_seconds())
        return fingerprint(self.source, seconds, _leg_text(Leg(self.payer, self.payee, self.amount)))


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Part of a hold (None: all that is left) to be paid to its payee; a final capture frees the rest."""

    hold_id: UUID
    key: str
    amount: Money | None
    is_final: bool
    at: datetime | None = None  # None: the database's clock
    kind: JournalKind = JournalKind.CAPTURE

    @property
    def idem_key(self) -> str:
        """Unique among all captures of all holds."""
        return f"{self.hold_id}:{self.key}"

    @property
    def fingerprint(self) -> str:
        """A hash of what was asked for."""
        return fingerprint(str(self.amount), self.is_final, self.kind)


@dataclass(frozen=True, slots=True)
class Posted:
    """The journal, and whether it had been posted before under the same key."""

    journal_id: int
    is_replay: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """The hold, until when, and whether it had been placed before under the same key."""

    hold_id: UUID
    expires_at: datetime
    is_replay: bool


def tally_of(kind: JournalKind) -> Tally:
    """Which running total of a wallet this kind of journal moves."""
    return _TALLIES.get(kind, Tally.NONE)


def undone(tally: Tally) -> Tally:
    """The tally of a reversal."""
    return _UNDONE.get(tally, Tally.NONE)


def fingerprint(*parts: object) -> str:
    """32 hexadecimal digits for these parts."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def total_debits(legs: Sequence[tuple[int, int]]) -> dict[int, int]:
    """How much each account must have: what arrives in the same journal cannot be spent in it."""
    totals: dict[int, int] = {}
    for account, amount in legs:
        totals[account] = totals.get(account, 0) + amount
    return totals


def expect_legs(legs: Sequence[Leg]) -> None:
    """Raise `ValueError` for legs that make no sense."""
    if not legs:
        raise ValueError("a journal has at least one leg")
    for leg in legs:
        if leg.amount.minor <= 0:
            raise ValueError("a leg moves a positive amount")
        if leg.debit == leg.credit:
            raise ValueError("a leg has two sides")


def _leg_text(leg: Leg) -> str:
    return f"{_ref_text(leg.debit)}>{_ref_text(leg.credit)}={leg.amount.minor}{leg.amount.currency}"


def _ref_text(ref: AccountRef) -> str:
    if isinstance(ref, int):
        return str(ref)
    return f"{ref.owner_kind}/{ref.owner_id}/{ref.kind}/{ref.currency}"
