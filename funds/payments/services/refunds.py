"""Giving a customer's payment back through the provider that took it."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from funds.ledger.services import place_hold, release_hold
from funds.ledger.terms import AccountKey
from funds.payments.errors import NotRefundableError, RefundExceedsPaymentError, UnknownDepositError
from funds.payments.models import Deposit, PaymentEvent, PaymentTask, ProviderPayment, Refund
from funds.payments.providers.protocol import provider_id
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

from .queueing import queue_task

UNTIL_SETTLED: Final = timedelta(days=36_500)
"""Holds for outgoing money end by an answer, never by the clock."""


@transaction.atomic
def request_refund(*, payment_id: int, amount: Money, reason: str, requested_by: UUID | None) -> Refund:
    """Hold `amount` of the customer's wallet and queue the refund of an approved payment or part of it.

    Raises `UnknownDepositError`, `NotRefundableError` (never credited, disputed, or set aside),
    `RefundExceedsPaymentError` (what was refunded or is on its way counts), `InsufficientFundsError` when the customer
    has spent the money, `CurrencyMismatchError`.
    """
    payment, deposit = lock_payment(payment_id)
    if payment.state != ProviderPayment.State.APPROVED:
        raise NotRefundableError(state=payment.state)
    left = refundable(payment)
    if amount > left:
        raise RefundExceedsPaymentError(left=f"{left.decimal:f}", currency=left.currency)
    refund_id = uuid7()
    hold = place_hold(
        scope="refund",
        key=str(refund_id),
        payer=AccountKey.wallet(deposit.customer_id, amount.currency),
        payee=AccountKey.clearing(provider_id(payment.provider), amount.currency),
        amount=amount,
        lasts=UNTIL_SETTLED,
        source=f"deposit:{deposit.pk}",
    )
    refund = Refund.objects.create(
        id=refund_id,
        payment=payment,
        currency=amount.currency,
        amount_minor=amount.minor,
        hold_id=hold.hold_id,
        reason=reason[:200],
        requested_by=requested_by,
    )
    queue_task(kind=PaymentTask.Kind.REFUND, provider=payment.provider, refund=refund)
    return refund


def fail_refund(refund: Refund) -> None:
    """The provider said a definite no: the held money is free again. The caller holds the payment's lock."""
    if refund.state == Refund.State.REQUESTED:
        release_hold(hold_id=refund.hold_id)
        refund.state = Refund.State.FAILED
        refund.save(update_fields=["state", "updated_at"])


def own_up_to(*, refund_id: UUID, provider_refund_id: str) -> None:
    """The provider's answer says which refund it made; the caller holds the payment's lock.

    A reading that came first may have taken an equal refund's hold for it. The two change places, so that each task
    ends the refund it was about and no hold is left behind.
    """
    own = Refund.objects.get(pk=refund_id)
    taken = Refund.objects.filter(payment=own.payment_id, provider_refund_id=provider_refund_id).exclude(pk=own.pk)
    other = taken.first()
    if own.state != Refund.State.REQUESTED or other is None:
        return
    own.hold_id, other.hold_id = other.hold_id, own.hold_id
    own.state, own.provider_refund_id, own.settled_at = other.state, provider_refund_id, other.settled_at
    other.state, other.provider_refund_id, other.settled_at = Refund.State.REQUESTED, "", None
    for each in (own, other):
        each.save(update_fields=["hold", "state", "provider_refund_id", "settled_at", "updated_at"])
    if other.tasks.filter(state=PaymentTask.State.FAILED).exists():
        fail_refund(other)


def refundable(payment: ProviderPayment) -> Money:
    """What came in, less what went back and what is on its way back."""
    sums = dict.fromkeys(PaymentEvent.Kind, 0)
    for kind, amount in payment.events.values_list("kind", "amount_minor"):
        sums[PaymentEvent.Kind(kind)] += amount
    on_its_way = sum(payment.refunds.filter(state=Refund.State.REQUESTED).values_list("amount_minor", flat=True))
    left = sums[PaymentEvent.Kind.APPROVED] - sums[PaymentEvent.Kind.REFUNDED] - on_its_way
    return Money(max(0, left), payment.currency)


def lock_payment(payment_id: int) -> tuple[ProviderPayment, Deposit]:
    """Lock a payment that belongs to a deposit, and the deposit, in this order of tables.

    Raises `UnknownDepositError` for a payment that does not exist or belongs to none.
    """
    deposits = lock(LockRank.PAYMENT, Deposit.objects.filter(payments=payment_id))
    if not deposits:
        raise UnknownDepositError
    (payment,) = lock(LockRank.PAYMENT, ProviderPayment.objects.filter(pk=payment_id))
    return payment, deposits[0]
