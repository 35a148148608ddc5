"""What providers show, for tests: a payment's reading with the usual values, and the world around it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.payments.models import Deposit, PaymentTask, ProviderCircuit, ProviderPayment
from funds.payments.providers.protocol import PaymentReading, ReadingState, RefundReading, provider_id
from funds.payments.services import record_reading, request_deposit
from funds.payments.services.recording import Recorded
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def deposit_for(customer: UUID, minor: int = 5000, currency: str = "MXN") -> Deposit:
    return request_deposit(customer_id=customer, amount=Money(minor, currency), provider="sandbox")


def reading(deposit: Deposit, *, minutes: int = 0, **values: Any) -> PaymentReading:
    usual = {
        "payment_id": "p-1",
        "reference": deposit.pk,
        "state": ReadingState.APPROVED,
        "amount": deposit.amount,
        "updated_at": NOON + timedelta(minutes=minutes),
    }
    return PaymentReading(**{**usual, **values})


def record(deposit: Deposit, *, minutes: int = 0, **values: Any) -> Recorded:
    recorded = record_reading(provider="sandbox", reading=reading(deposit, minutes=minutes, **values))
    deposit.refresh_from_db()
    return recorded


def paid_deposit(customer: UUID, minor: int = 5000) -> tuple[Deposit, ProviderPayment]:
    deposit = deposit_for(customer, minor)
    PaymentTask.objects.filter(deposit=deposit).update(state=PaymentTask.State.DONE)
    payment = record(deposit, payment_id=f"p-{deposit.pk}").payment
    return deposit, payment


def refunded(refund_id: str, minor: int) -> RefundReading:
    return RefundReading(refund_id, mxn(minor), NOON)


def clearing(currency: str = "MXN") -> int:
    return balance_of(AccountKey.clearing(provider_id("sandbox"), currency)).minor


def debt_of(customer: UUID) -> int:
    return -balance_of(AccountKey.receivable(customer, "MXN")).minor


def published(event: Any) -> int:
    return OutboxEvent.objects.filter(wire_name=event.wire_name).count()


def pass_time() -> None:
    """Back-offs, leases, wake-ups and open circuits are over."""
    ProviderCircuit.objects.update(open_until=LONG_AGO, busy_until=LONG_AGO)
    PaymentTask.objects.update(run_at=LONG_AGO, wake_at=LONG_AGO)
    PaymentTask.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)
