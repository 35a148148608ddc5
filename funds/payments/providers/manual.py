"""Payouts made by hand: staff send the money at the bank and record what became of it (`Decision`).

Takes every payout up at once and never ends one by itself.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from marketplace.core.money import Money

from .protocol import (
    Checkout,
    PaymentReading,
    PayoutReading,
    PayoutState,
    ProviderRefusedError,
    RefundReading,
)


class ManualProvider:
    """Only pays out."""

    name: str = "manual"
    can_pay_out: bool = True
    calls_per_second: float = 10_000

    def takes(self, currency: str) -> bool:
        """No deposits."""
        return False

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money, expires_at: datetime | None) -> Checkout:
        """No deposits."""
        raise ProviderRefusedError("payouts only")

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """None."""
        return None

    def read_payment(self, *, payment_id: str) -> PaymentReading | None:
        """None."""
        return None

    def payments_updated(self, *, since: datetime, until: datetime) -> Iterable[PaymentReading]:
        """None."""
        return ()

    def refund_payment(self, *, key: UUID, payment_id: str, amount: Money) -> RefundReading:
        """No payments, no refunds."""
        raise ProviderRefusedError("payouts only")

    def start_payout(self, *, key: UUID, reference: UUID, amount: Money, destination: str) -> PayoutReading:
        """Into the staff's list."""
        return PayoutReading(f"manual-{key}", reference, PayoutState.ACCEPTED, amount, datetime.now(UTC))

    def find_payout(self, *, reference: UUID) -> PayoutReading | None:
        """Nobody but staff knows."""
        return None
