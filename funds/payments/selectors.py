"""Reading deposits, payouts, and what is known of payments."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from funds.ledger.models import OwnerKind

from .errors import UnknownDepositError, UnknownPayoutError
from .models import Deposit, FundsPolicy, PaymentEvent, Payout, ProviderPayment


@dataclass(frozen=True, slots=True)
class DepositTotals:
    """What the event ledgers of a deposit's payments add up to, in minor units."""

    credited: int
    refunded: int
    charged_back: int
    is_disputed: bool
    is_pending: bool
    credited_at: datetime | None


def deposits_of(customer_id: UUID) -> "QuerySet[Deposit]":
    """The customer's deposits."""
    return Deposit.objects.filter(customer_id=customer_id)


def deposit_of(customer_id: UUID, deposit_id: UUID) -> Deposit:
    """One of them; raises `UnknownDepositError`."""
    deposit = deposits_of(customer_id).filter(pk=deposit_id).first()
    if deposit is None:
        raise UnknownDepositError
    return deposit


def payouts_of(owner_id: UUID, *, owner_kind: OwnerKind = OwnerKind.CUSTOMER) -> "QuerySet[Payout]":
    """The payouts of a customer or a store."""
    return Payout.objects.filter(owner_kind=owner_kind, owner_id=owner_id)


def payout_of(owner_id: UUID, payout_id: UUID, *, owner_kind: OwnerKind = OwnerKind.CUSTOMER) -> Payout:
    """One of them; raises `UnknownPayoutError`."""
    payout = payouts_of(owner_id, owner_kind=owner_kind).filter(pk=payout_id).first()
    if payout is None:
        raise UnknownPayoutError
    return payout


def totals_of(deposit: Deposit) -> DepositTotals:
    """Sum the events of all its payments (two queries)."""
    rows = list(
        PaymentEvent.objects.filter(payment__deposit=deposit).order_by("pk").values_list("kind", "amount_minor", "at")
    )
    states = set(deposit.payments.values_list("state", flat=True))
    kinds = PaymentEvent.Kind

    def total(kind: PaymentEvent.Kind) -> int:
        return sum(amount for each, amount, _at in rows if each == kind)

    return DepositTotals(
        credited=total(kinds.APPROVED),
        refunded=total(kinds.REFUNDED),
        charged_back=total(kinds.CHARGED_BACK) - total(kinds.CHARGE_BACK_LIFTED),
        is_disputed=ProviderPayment.State.DISPUTED in states,
        is_pending=ProviderPayment.State.PENDING in states,
        credited_at=next((at for kind, _amount, at in rows if kind == kinds.APPROVED), None),
    )


def policy_for(currency: str) -> FundsPolicy:
    """The limits in force for decisions in that currency."""
    return FundsPolicy.objects.filter(currency=currency).order_by("-pk").first() or FundsPolicy.default_for(currency)
