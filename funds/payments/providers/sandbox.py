"""A provider in this process: approves every deposit and payout at once, needs no account and no network.

Deterministic: a payment's id follows from the key, so that the same key again gives the same payment even if the
process died and forgot. It can be told to misbehave by the amount, as payment providers' test cards are:

    666.01  a definite refusal
    666.02  pending; approved (a payout: settled) when it is asked about later
    666.03  the customer pays twice
    666.04  accepts, then the answer is lost
    666.05  the connection fails before anything happened, on the first try
    666.06  another amount arrives than was asked for
    666.07  too many requests, on the first try
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final
from uuid import UUID

from marketplace.core.money import Money

from .memory import Remembering
from .protocol import (
    Checkout,
    PaymentReading,
    PayoutReading,
    PayoutState,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
    ReadingState,
    RefundReading,
)

REFUSED: Final = 66_601
PENDING: Final = 66_602
TWICE: Final = 66_603
ANSWER_LOST: Final = 66_604
NOT_REACHED: Final = 66_605
OTHER_AMOUNT: Final = 66_606
TOO_MANY: Final = 66_607
REMEMBERED: Final = 10_000


class SandboxProvider:
    """Remembers the latest payments, so that asking works while the process lives."""

    name: str = "sandbox"
    can_pay_out: bool = True
    calls_per_second: float = 10_000

    def __init__(self) -> None:
        self._lock = Lock()
        self._checkouts: Remembering[UUID, Checkout] = Remembering(REMEMBERED)
        self._payments: Remembering[str, PaymentReading] = Remembering(REMEMBERED)
        self._payouts: Remembering[UUID, PayoutReading] = Remembering(REMEMBERED)
        self._tried: Remembering[UUID, bool] = Remembering(REMEMBERED)

    def takes(self, currency: str) -> bool:
        """Every currency."""
        return True

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money, expires_at: datetime | None) -> Checkout:
        """Approve it, unless the amount says otherwise."""
        with self._lock:
            self._misbehave_before(key, amount)
            known = self._checkouts.get(reference)
            if known is None:
                known = self._pay(key, reference, amount)
                self._checkouts[reference] = known
        if amount.minor == ANSWER_LOST and not self._was_tried(key):
            raise ProviderUncertainError("the answer was lost, as the amount asked for")
        return known

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """What was paid under the reference; what was pending is approved by now."""
        with self._lock:
            known = self._checkouts.get(reference)
            if known is None:
                return None
            payments = tuple(self._approved(payment.payment_id) for payment in known.payments)
            return Checkout(known.checkout_url, payments)

    def read_payment(self, *, payment_id: str) -> PaymentReading | None:
        """One payment, approved by now."""
        with self._lock:
            return self._approved(payment_id) if payment_id in self._payments else None

    def payments_updated(self, *, since: datetime, until: datetime) -> Iterable[PaymentReading]:
        """Those of this process that changed in that time."""
        with self._lock:
            return [payment for payment in self._payments.values() if since <= payment.updated_at <= until]

    def refund_payment(self, *, key: UUID, payment_id: str, amount: Money) -> RefundReading:
        """Give it back at once; the same key once."""
        with self._lock:
            self._misbehave_before(key, amount)
            refund = RefundReading(f"sandbox-refund-{key}", amount, datetime.now(UTC))
            payment = self._payments.get(payment_id)
            if payment is not None:
                same = next((each for each in payment.refunds if each.refund_id == refund.refund_id), None)
                if same is not None:
                    return same
                self._payments[payment_id] = replace(
                    payment, refunds=(*payment.refunds, refund), updated_at=datetime.now(UTC)
                )
        if amount.minor == ANSWER_LOST and not self._was_tried(key):
            raise ProviderUncertainError("the answer was lost, as the amount asked for")
        return refund

    def start_payout(self, *, key: UUID, reference: UUID, amount: Money, destination: str) -> PayoutReading:
        """Settle it at once, unless the amount says otherwise."""
        with self._lock:
            self._misbehave_before(key, amount)
            known = self._payouts.get(reference)
            if known is None:
                state = PayoutState.ACCEPTED if amount.minor == PENDING else PayoutState.SETTLED
                known = PayoutReading(f"sandbox-{key}", reference, state, amount, datetime.now(UTC))
                self._payouts[reference] = known
        if amount.minor == ANSWER_LOST and not self._was_tried(key):
            raise ProviderUncertainError("the answer was lost, as the amount asked for")
        return known

    def find_payout(self, *, reference: UUID) -> PayoutReading | None:
        """What was accepted is settled by now."""
        with self._lock:
            known = self._payouts.get(reference)
            if known is not None and known.state == PayoutState.ACCEPTED:
                known = replace(known, state=PayoutState.SETTLED, updated_at=datetime.now(UTC))
                self._payouts[reference] = known
            return known

    def _misbehave_before(self, key: UUID, amount: Money) -> None:
        if amount.minor == REFUSED:
            raise ProviderRefusedError("refused, as the amount asked for")
        if amount.minor == NOT_REACHED and not self._was_tried(key):
            raise ProviderUncertainError("not reached, as the amount asked for")
        if amount.minor == TOO_MANY and not self._was_tried(key):
            raise ProviderDeferredError("too many requests, as the amount asked for", seconds=1)

    def _was_tried(self, key: UUID) -> bool:
        was_tried = key in self._tried
        self._tried[key] = True
        return was_tried

    def _pay(self, key: UUID, reference: UUID, amount: Money) -> Checkout:
        now = datetime.now(UTC)
        state = ReadingState.PENDING if amount.minor == PENDING else ReadingState.APPROVED
        paid = Money(amount.minor - 1, amount.currency) if amount.minor == OTHER_AMOUNT else amount
        payments = [PaymentReading(f"sandbox-{key}", reference, state, paid, now)]
        if amount.minor == TWICE:
            payments.append(PaymentReading(f"sandbox-{key}-again", reference, state, paid, now))
        for payment in payments:
            self._payments[payment.payment_id] = payment
        return Checkout(checkout_url="", payments=tuple(payments))

    def _approved(self, payment_id: str) -> PaymentReading:
        payment = self._payments[payment_id]
        if payment.state == ReadingState.PENDING:
            later = max(datetime.now(UTC), payment.updated_at + timedelta(milliseconds=1))
            payment = replace(payment, state=ReadingState.APPROVED, updated_at=later)
            self._payments[payment_id] = payment
        return payment
