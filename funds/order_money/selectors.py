"""Reading orders' money: a customer's payments, and what a store has earned."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Q, QuerySet, Sum, Value, When

from funds.contracts import OrderPaymentCard
from funds.ledger.models import Account, AccountKind, OwnerKind, Posting
from funds.ledger.selectors import with_balance
from funds.payments.models import Payout
from funds.payments.selectors import payouts_of
from marketplace.core.clock import db_now
from marketplace.core.money import Money

from .errors import UnknownOrderPaymentError
from .models import OrderPayment


@dataclass(frozen=True, slots=True)
class StoreBalance:
    """A store's money in one currency. `payable` may be negative: the store owes."""

    currency: str
    payable: Money
    reserved: Money
    paid_out: Money


def payments_of(customer_id: UUID) -> "QuerySet[Any]":
    """The customer's payments of orders; `is_lapsed` when the clock has ended one already."""
    lapsed = Q(state=OrderPayment.State.AWAITING, expires_at__lte=db_now())
    return (
        OrderPayment.objects.filter(customer_id=customer_id)
        .select_related("deposit")
        .annotate(is_lapsed=Case(When(lapsed, then=Value(True)), default=Value(False), output_field=BooleanField()))
    )


def payment_of(customer_id: UUID, payment_id: UUID) -> Any:
    """One of them; raises `UnknownOrderPaymentError`."""
    payment = payments_of(customer_id).filter(pk=payment_id).first()
    if payment is None:
        raise UnknownOrderPaymentError
    return payment


def order_payment(order_id: UUID) -> OrderPaymentCard | None:
    """The newest try to pay the order; None where there was none."""
    payment = OrderPayment.objects.filter(order_id=order_id).order_by("-pk").first()
    return None if payment is None else card_of(payment)


def card_of(payment: OrderPayment) -> OrderPaymentCard:
    """The payment as other contexts see it."""
    return OrderPaymentCard(
        payment_id=payment.pk,
        order_id=payment.order_id,
        state=payment.state,
        total=payment.total,
        from_wallet=payment.from_wallet,
        provider=payment.provider,
        deposit_id=payment.deposit_id,
        expires_at=payment.expires_at,
    )


def store_balances(store_id: UUID) -> list[StoreBalance]:
    """What the store may be paid, what is set aside for payouts, and what was paid out, by currency (two queries)."""
    mine = Account.objects.filter(
        owner_kind=OwnerKind.STORE, owner_id=store_id, kind__in=[AccountKind.PAYABLE, AccountKind.PAYOUT]
    )
    balances = {(row.kind, row.currency): row.balance for row in with_balance(mine)}
    settled = payouts_of(store_id, owner_kind=OwnerKind.STORE).filter(state=Payout.State.SETTLED).order_by()
    paid = {row["currency"]: row["total"] for row in settled.values("currency").annotate(total=Sum("amount_minor"))}
    currencies = sorted({currency for _kind, currency in balances})
    return [
        StoreBalance(
            currency,
            payable=Money(balances.get((AccountKind.PAYABLE, currency), 0), currency),
            reserved=Money(balances.get((AccountKind.PAYOUT, currency), 0), currency),
            paid_out=Money(paid.get(currency, 0), currency),
        )
        for currency in currencies
    ]


def store_statement(store_id: UUID) -> "QuerySet[Any]":
    """Every posting on what the store may be paid: settlements, refunds, payouts. Two queries when it is read."""
    mine = list(
        Account.objects.filter(owner_kind=OwnerKind.STORE, owner_id=store_id, kind=AccountKind.PAYABLE).values_list(
            "pk", flat=True
        )
    )
    incoming = Q(credit_id__in=mine)
    return (
        Posting.objects.filter(Q(debit_id__in=mine) | incoming)
        .select_related("journal")
        .annotate(is_incoming=Case(When(incoming, then=Value(True)), default=Value(False), output_field=BooleanField()))
    )
