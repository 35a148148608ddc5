"""What every provider can be asked. Pure Python: adapters translate."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from marketplace.core.money import Money


class ReadingState(StrEnum):
    """A payment's state, common to all providers."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class PaymentReading:
    """A payment as the provider shows it now. `reference` is ours; `updated_at` is the provider's clock."""

    payment_id: str
    reference: UUID
    state: ReadingState
    amount: Money
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    """A deposit as the provider took it up: where the customer pays (or empty), and payments made so far."""

    checkout_url: str
    payments: tuple[PaymentReading, ...]


class ProviderRefusedError(Exception):
    """A definite no: nothing was and nothing will be charged."""


class ProviderUncertainError(Exception):
    """No usable answer (time-out, 5xx, dropped connection, unreadable body): the provider may have acted."""


class Provider(Protocol):
    """A payment provider. Every call has a deadline shorter than the lease of a payment task."""

    name: str

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money) -> Checkout:
        """Take the deposit up; the same `key` again gives the same result.

        Raises `ProviderRefusedError`, `ProviderUncertainError`.
        """

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """What the provider knows under our reference; None when it never heard of it.

        Raises `ProviderUncertainError`.
        """


def provider_id(name: str) -> UUID:
    """The owner of a provider's clearing accounts."""
    return uuid5(NAMESPACE_URL, f"urn:marketplace:provider:{name}")
