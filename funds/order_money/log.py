"""An order's money read aloud: each try to pay, what came in, how it was shared out, what went back."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from funds.contracts import OrderMoneyLog, OrderMoneyStep, PartShares
from funds.ledger.models import Posting
from funds.wallets.services import ORDER_SCOPE
from marketplace.core.money import Money

from .models import OrderMoney, OrderPayment, OrderRefund, PartMoney

State = OrderPayment.State
_ENDS = {State.FAILED: "failed", State.EXPIRED: "expired", State.CANCELLED: "cancelled"}


def order_money_log(order_id: UUID) -> OrderMoneyLog:
    """All that the books know of the order's money, oldest first; nothing for an order without any. Five queries."""
    payments = list(OrderPayment.objects.filter(order_id=order_id).order_by("pk"))
    money = OrderMoney.objects.filter(pk=order_id).first()
    parts = list(PartMoney.objects.filter(order=order_id).order_by("pk"))
    refunds = list(OrderRefund.objects.filter(order=order_id).order_by("pk"))
    steps = [step for payment in payments for step in _steps_of(payment)]
    if not any(payment.paid_at for payment in payments):
        steps += _paid_directly(order_id, money)
    currency = money.currency if money else ""
    for refund in refunds:
        amount = Money(refund.amount_minor, currency)
        steps.append(OrderMoneyStep(refund.at, "refunded", amount, note=refund.reason, subject_id=order_id))
    shares = tuple(_shares(part, currency) for part in parts)
    for part in shares:
        if part.settled_at is not None:
            steps.append(OrderMoneyStep(part.settled_at, "settled", part.payable, subject_id=part.store_id))
    return OrderMoneyLog(tuple(sorted(steps, key=_millisecond)), shares)


def _millisecond(step: OrderMoneyStep) -> datetime:
    """SQLite's clock knows no finer one, Python's does. Within one, steps stay in the order they were told in."""
    return step.at.replace(microsecond=step.at.microsecond // 1_000 * 1_000)


def _steps_of(payment: OrderPayment) -> Iterator[OrderMoneyStep]:
    """A payment by wallet alone is made and paid at once: one step."""

    def step(at: datetime, kind: str) -> OrderMoneyStep:
        return OrderMoneyStep(at, kind, payment.total, provider=payment.provider, subject_id=payment.pk)

    if payment.provider:
        yield step(payment.created_at, "asked")
    if payment.paid_at is not None:
        yield step(payment.paid_at, "paid")
    elif payment.state in _ENDS:
        yield step(payment.updated_at, _ENDS[State(payment.state)])


def _paid_directly(order_id: UUID, money: OrderMoney | None) -> Iterator[OrderMoneyStep]:
    """From the wallet or a hold, without a payment of its own: flash and automatic purchases."""
    of_order = {"journal__scope": ORDER_SCOPE, "journal__idem_key": str(order_id), "journal__reversed_by": None}
    known = {"journal": money.journal_id} if money is not None and money.journal_id is not None else of_order
    posting = Posting.objects.filter(**known).select_related("journal").first()
    if posting is not None:
        paid = money.paid if money is not None else Money(posting.amount, posting.currency)
        yield OrderMoneyStep(posting.journal.event_at, "paid", paid, subject_id=order_id)


def _shares(part: PartMoney, currency: str) -> PartShares:
    refunded, payable, commission, tax = (
        Money(minor, currency)
        for minor in (part.refunded_minor, part.payable_minor, part.commission_minor, part.tax_minor)
    )
    return PartShares(part.store_id, refunded, payable, commission, tax, part.settled_at)
