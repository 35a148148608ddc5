"""What every provider can be asked, and what it answers. Pure Python: adapters translate.

Three ways out of a call that is not an answer: `ProviderRefusedError` is a definite no, `ProviderUncertainError` means
that the provider may have acted, `ProviderDeferredError` that it has certainly not and should be asked later.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from marketplace.core.money import Money


class ReadingState(StrEnum):
    """A payment's state, common to all providers. Refunds are told by `refunds`, whole or partial."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    DISPUTED = "disputed"
    CHARGED_BACK = "charged_back"


@dataclass(frozen=True, slots=True)
class RefundReading:
    """Money the provider gave back, whoever asked for it."""

    refund_id: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentReading:
    """A payment as the provider shows it now.

    `reference` is ours (None: not one of ours, or unreadable), `updated_at` is the provider's clock, `fee` what it
    keeps of the amount. `is_ours` is False when the money went to another account than the shop's.
    """

    payment_id: str
    reference: UUID | None
    state: ReadingState
    amount: Money
    updated_at: datetime
    refunds: tuple[RefundReading, ...] = ()
    fee: Money | None = None
    is_ours: bool = True


@dataclass(frozen=True, slots=True)
class Checkout:
    """A deposit as the provider took it up: where the customer pays (or empty), and payments made so far."""

    checkout_url: str
    payments: tuple[PaymentReading, ...]


class PayoutState(StrEnum):
    """A payout's state, common to all providers."""

    ACCEPTED = "accepted"
    SETTLED = "settled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PayoutReading:
    """A payout as the provider shows it now. A refused one has moved nothing and never will."""

    payout_id: str
    reference: UUID
    state: PayoutState
    amount: Money
    updated_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """A webhook that was proved to come from the provider. Only a hint: the payment is read back before money moves.

    `event_key` is the same for every repetition of one notification; `payment_id` is empty if no payment is meant.
    """

    event_key: str
    payment_id: str


class ProviderRefusedError(Exception):
    """A definite no: nothing was and nothing will be moved."""


class ProviderUncertainError(Exception):
    """No usable answer (time-out, 5xx, dropped connection, unreadable body): the provider may have acted."""


class ProviderDeferredError(Exception):
    """Not taken up now (too many requests, not reachable, circuit open): nothing happened, ask again after `seconds`.

    `is_out`: nobody answered at all, which counts for the circuit breaker.
    """

    def __init__(self, reason: str, *, seconds: float, is_out: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.is_out = is_out


class ForgedNotificationError(Exception):
    """A webhook whose signature, form or moment is not the provider's. The text, which is for logs, says which."""


class Provider(Protocol):
    """A payment provider. Every call has a deadline shorter than the lease of a payment task.

    Calls that move money take a `key`: the same key again gives the same result and never moves money twice. They raise
    the three errors above; calls that only look raise `ProviderUncertainError` and `ProviderDeferredError`.
    """

    name: str
    can_pay_out: bool
    calls_per_second: float  # all workers together keep to it

    def takes(self, currency: str) -> bool:
        """Whether deposits in that currency are possible."""

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money, expires_at: datetime | None) -> Checkout:
        """Take the deposit up; nobody can pay it after `expires_at`."""

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """What the provider knows under our reference; None when it never heard of it."""

    def read_payment(self, *, payment_id: str) -> PaymentReading | None:
        """One payment by the provider's id; None when there is none."""

    def payments_updated(self, *, since: datetime, until: datetime) -> Iterable[PaymentReading]:
        """Every payment of the shop that changed in that time, ours and others, in no promised order."""

    def refund_payment(self, *, key: UUID, payment_id: str, amount: Money) -> RefundReading:
        """Give `amount` of an approved payment back to who paid."""

    def start_payout(self, *, key: UUID, reference: UUID, amount: Money, destination: str) -> PayoutReading:
        """Send money of the shop to `destination` (a bank account in the form of the country)."""

    def find_payout(self, *, reference: UUID) -> PayoutReading | None:
        """The payout under our reference; None when the provider never heard of it."""


class NotifyingProvider(Provider, Protocol):
    """A provider that tells by webhook."""

    def read_notification(
        self, *, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, at: datetime
    ) -> Notification:
        """Prove where a webhook comes from; header names in lower case. Raises `ForgedNotificationError`."""


def provider_id(name: str) -> UUID:
    """The owner of a provider's clearing accounts."""
    return uuid5(NAMESPACE_URL, f"urn:marketplace:provider:{name}")
