"""Taking over what a provider shows: the one place where its word becomes money.

Webhooks, workers and reconciliation all end here. Each thing that happened is a row of the event ledger, unique by
(payment, reference, kind), and its journal is written in the same transaction: repetitions, races and readings out of
order have one effect. States are derived from the rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from funds.events import DepositCredited, DepositReturned, OrderDepositCredited, PaymentSetAside
from funds.ledger.models import AccountKind, JournalKind
from funds.ledger.services import capture_hold, post_transfer
from funds.ledger.terms import AccountKey, Leg, Posted
from funds.payments.models import Decision, Deposit, PaymentEvent, ProviderPayment, Refund
from funds.payments.providers.protocol import PaymentReading, ReadingState, RefundReading, provider_id
from funds.payments.selectors import totals_of
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .debts import pay_debt, taking_legs

_State = ProviderPayment.State
_Kind = PaymentEvent.Kind
_Why = ProviderPayment.Quarantine

_PAID = frozenset({ReadingState.APPROVED, ReadingState.DISPUTED, ReadingState.CHARGED_BACK})
"""What is disputed or charged back was paid first, whether or not we were told."""
_GIVEN_UP = frozenset({Deposit.State.REJECTED, Deposit.State.CANCELLED, Deposit.State.EXPIRED})
_BY_READING = {
    ReadingState.PENDING: _State.PENDING,
    ReadingState.APPROVED: _State.APPROVED,
    ReadingState.REJECTED: _State.REJECTED,
    ReadingState.DISPUTED: _State.DISPUTED,
    ReadingState.CHARGED_BACK: _State.CHARGED_BACK,
}


@dataclass(slots=True)
class Recorded:
    """What a reading changed: the events that are new, and whether the deposit had been given up before."""

    payment: ProviderPayment
    news: list[PaymentEvent.Kind] = field(default_factory=list)
    is_set_aside: bool = False
    was_closed: bool = False


@transaction.atomic
def record_reading(*, provider: str, reading: PaymentReading) -> Recorded:
    """Take over what the provider shows of one payment; harmless twice, at once and out of order.

    An approved payment is credited once, under its own id; a deposit paid twice is credited twice, because the customer
    did pay twice. What does not match its deposit is set aside and moves nothing; what staff have said about it stands.
    An older reading than the one recorded changes nothing. Amounts are in minor units of the payment's currency.
    """
    deposit = _lock_deposit(provider, reading)
    payment = _lock_payment(provider, reading, deposit)
    recorded = Recorded(payment)
    if reading.updated_at < payment.provider_updated_at or payment.state == _State.QUARANTINED:
        return recorded
    is_credited = payment.events.filter(kind=_Kind.APPROVED).exists()
    is_paid = reading.state in _PAID
    if is_credited and not is_paid:
        return recorded  # money that came in does not vanish: only refunds and charge-backs take it back
    if not is_credited and _is_dismissed(payment):
        return recorded
    if deposit is None and payment.deposit_id is not None:
        return recorded  # staff credited it between our two locks: the next reading finds its deposit
    reason = _reason_to_set_aside(payment, deposit, reading, is_credited=is_credited)
    if reason and is_paid:
        _set_aside(recorded, reading, reason)
        return recorded
    payment.provider_updated_at = reading.updated_at
    if deposit is not None and is_paid:
        if not is_credited:
            recorded.was_closed = deposit.state in _GIVEN_UP
            _take_in(recorded, deposit, reading)
        _apply(recorded, deposit, reading)
    payment.state = _BY_READING[reading.state]
    payment.save(update_fields=["state", "provider_updated_at"])
    if deposit is not None:
        refresh_deposit(deposit)
    return recorded


def refresh_deposit(deposit: Deposit) -> None:
    """Derive the deposit's state from its payments; the caller holds its lock."""
    totals = totals_of(deposit)
    state = deposit.state
    if totals.charged_back:
        state = Deposit.State.CHARGED_BACK
    elif totals.is_disputed:
        state = Deposit.State.DISPUTED
    elif totals.credited:
        left = totals.credited - totals.refunded
        state = Deposit.State.CREDITED
        if totals.refunded:
            state = Deposit.State.PARTIALLY_REFUNDED if left > 0 else Deposit.State.REFUNDED
    elif totals.is_pending and state in Deposit.OPEN_STATES:
        state = Deposit.State.PENDING
    deposit.state = state
    if totals.credited:
        deposit.credited_at = deposit.credited_at or totals.credited_at
        deposit.next_check_at = None
    deposit.save(update_fields=["state", "credited_at", "next_check_at", "updated_at"])


def credit_payment(*, payment: ProviderPayment, deposit: Deposit, at: datetime) -> None:
    """Put an approved payment into the wallet of the deposit's customer; the caller holds both locks."""
    _write_event(
        payment,
        _Kind.APPROVED,
        payment.payment_id,
        payment.amount,
        at,
        _credit(payment, deposit, payment.payment_id, at),
    )
    publish(
        DepositCredited(
            deposit_id=deposit.pk, customer_id=deposit.customer_id, amount=payment.amount, order_id=deposit.order_id
        )
    )
    if deposit.order_id is not None:
        publish(OrderDepositCredited(deposit_id=deposit.pk, order_id=deposit.order_id))


def record_refund(*, payment: ProviderPayment, deposit: Deposit, refund: RefundReading) -> bool:
    """Take over one refund, ours or made at the provider; whether it is new. The caller holds both locks.

    A refund that we asked for (same amount, no provider's id yet) takes what was held for it. Any other takes from the
    wallet, and what is missing there is owed by the customer.
    """
    if payment.events.filter(kind=_Kind.REFUNDED, reference=refund.refund_id).exists():
        return False
    own = (
        Refund.objects.filter(payment=payment, state=Refund.State.REQUESTED, amount_minor=refund.amount.minor)
        .order_by("created_at", "pk")
        .first()
    )
    if own is not None:
        posted = capture_hold(
            hold_id=own.hold_id, key=f"refund:{own.pk}", at=refund.at, kind=JournalKind.DEPOSIT_REFUND
        )
        own.state = Refund.State.SETTLED
        own.provider_refund_id = refund.refund_id
        own.settled_at = refund.at
        own.save(update_fields=["state", "provider_refund_id", "settled_at", "updated_at"])
    else:
        posted = _take_back(
            payment, deposit, refund.amount, JournalKind.DEPOSIT_REFUND, f"refund:{refund.refund_id}", refund.at
        )
    _write_event(payment, _Kind.REFUNDED, refund.refund_id, refund.amount, refund.at, posted)
    _publish_return(deposit, refund.amount, posted, is_charge_back=False)
    return True


def returns_fit(payment: ProviderPayment, refunds: Iterable[RefundReading], *, is_charged_back: bool) -> bool:
    """Whether these refunds, those known before and a charge-back that stands give back no more than came in."""
    given = dict(payment.events.filter(kind=_Kind.REFUNDED).values_list("reference", "amount_minor"))
    for refund in refunds:
        if refund.amount.currency != payment.currency or refund.amount.minor <= 0:
            return False
        given.setdefault(refund.refund_id, refund.amount.minor)
    charged_back = _taken_by_charge_back(payment) if is_charged_back else 0
    return sum(given.values()) + charged_back <= payment.amount_minor


def _taken_by_charge_back(payment: ProviderPayment) -> int:
    return sum(_standing_charge_backs(payment).values_list("amount_minor", flat=True))


def _standing_charge_backs(payment: ProviderPayment) -> "QuerySet[PaymentEvent]":
    lifted = payment.events.filter(kind=_Kind.CHARGE_BACK_LIFTED).values("reference")
    return payment.events.filter(kind=_Kind.CHARGED_BACK).exclude(reference__in=lifted)


def _take_in(recorded: Recorded, deposit: Deposit, reading: PaymentReading) -> None:
    credit_payment(payment=recorded.payment, deposit=deposit, at=reading.updated_at)
    recorded.news.append(_Kind.APPROVED)
    _record_fee(recorded, reading)


def _apply(recorded: Recorded, deposit: Deposit, reading: PaymentReading) -> None:
    payment = recorded.payment
    if payment.state == _State.CHARGED_BACK and reading.state != ReadingState.CHARGED_BACK:
        _lift_charge_back(recorded, deposit, reading.updated_at)
    recorded.news += [
        _Kind.REFUNDED for refund in reading.refunds if record_refund(payment=payment, deposit=deposit, refund=refund)
    ]
    if reading.state == ReadingState.DISPUTED and payment.state != _State.DISPUTED:
        recorded.news.append(_Kind.DISPUTED)
        _write_event(payment, _Kind.DISPUTED, _numbered(payment, _Kind.DISPUTED), payment.amount, reading.updated_at)
    if reading.state == ReadingState.CHARGED_BACK and payment.state != _State.CHARGED_BACK:
        _charge_back(recorded, deposit, reading.updated_at)


def _record_fee(recorded: Recorded, reading: PaymentReading) -> None:
    if not reading.fee:
        return
    payment = recorded.payment
    house = AccountKey.house(AccountKind.FEES, reading.fee.currency)
    posted = post_transfer(
        scope=_scope(payment),
        key=f"fee:{payment.pk}",
        kind=JournalKind.PROVIDER_FEE,
        legs=[Leg(house, _clearing(payment), reading.fee)],
        at=reading.updated_at,
        source=f"payment:{payment.payment_id}"[:80],
    )
    _write_event(payment, _Kind.FEE, payment.payment_id, reading.fee, reading.updated_at, posted)
    recorded.news.append(_Kind.FEE)


def _charge_back(recorded: Recorded, deposit: Deposit, at: datetime) -> None:
    payment = recorded.payment
    amount = Money(payment.amount_minor - _refunded(payment), payment.currency)
    recorded.news.append(_Kind.CHARGED_BACK)
    if not amount:
        return
    name = _numbered(payment, _Kind.CHARGED_BACK)
    posted = _take_back(payment, deposit, amount, JournalKind.CHARGE_BACK, f"charge-back:{name}", at)
    _write_event(payment, _Kind.CHARGED_BACK, name, amount, at, posted)
    _publish_return(deposit, amount, posted, is_charge_back=True)


def _lift_charge_back(recorded: Recorded, deposit: Deposit, at: datetime) -> None:
    payment = recorded.payment
    taken = _standing_charge_backs(payment).order_by("-pk").first()
    if taken is None:
        return
    name = taken.reference
    payment_amount = Money(taken.amount_minor, payment.currency)
    posted = _credit(payment, deposit, f"lifted:{name}", at, payment_amount)
    _write_event(payment, _Kind.CHARGE_BACK_LIFTED, name, payment_amount, at, posted)
    recorded.news.append(_Kind.CHARGE_BACK_LIFTED)


def _credit(payment: ProviderPayment, deposit: Deposit, key: str, at: datetime, amount: Money | None = None) -> Posted:
    money = amount or payment.amount
    posted = post_transfer(
        scope=_scope(payment),
        key=key,
        kind=JournalKind.DEPOSIT,
        legs=[Leg(_clearing(payment), AccountKey.wallet(deposit.customer_id, money.currency), money)],
        at=at,
        source=f"deposit:{deposit.pk}",
    )
    pay_debt(customer_id=deposit.customer_id, currency=money.currency, key=f"{payment.pk}:{key}", at=at)
    return posted


def _take_back(
    payment: ProviderPayment, deposit: Deposit, amount: Money, kind: JournalKind, name: str, at: datetime
) -> Posted:
    return post_transfer(
        scope=_scope(payment),
        key=f"{payment.pk}:{name}",
        kind=kind,
        legs=taking_legs(customer_id=deposit.customer_id, to=_clearing(payment), amount=amount),
        at=at,
        source=f"deposit:{deposit.pk}",
    )


def _write_event(
    payment: ProviderPayment,
    kind: PaymentEvent.Kind,
    reference: str,
    amount: Money,
    at: datetime,
    posted: Posted | None = None,
) -> None:
    PaymentEvent.objects.create(
        payment=payment,
        kind=kind,
        reference=reference,
        amount_minor=amount.minor,
        journal_id=None if posted is None else posted.journal_id,
        at=at,
    )


def _publish_return(deposit: Deposit, amount: Money, posted: Posted, *, is_charge_back: bool) -> None:
    publish(
        DepositReturned(
            deposit_id=deposit.pk,
            customer_id=deposit.customer_id,
            journal_id=posted.journal_id,
            amount=amount,
            is_charge_back=is_charge_back,
        )
    )


def _set_aside(recorded: Recorded, reading: PaymentReading, reason: ProviderPayment.Quarantine) -> None:
    payment = recorded.payment
    payment.state = _State.QUARANTINED
    payment.quarantine = reason
    payment.provider_updated_at = reading.updated_at
    payment.save(update_fields=["state", "quarantine", "provider_updated_at"])
    recorded.is_set_aside = True
    publish(PaymentSetAside(payment_id=payment.pk, reason=reason.value))


def _reason_to_set_aside(
    payment: ProviderPayment, deposit: Deposit | None, reading: PaymentReading, *, is_credited: bool
) -> ProviderPayment.Quarantine | None:
    if not reading.is_ours:
        return _Why.RECEIVER
    if deposit is None:
        return _Why.REFERENCE
    is_charged_back = reading.state == ReadingState.CHARGED_BACK
    fits = payment.deposit_id == deposit.pk and reading.amount == payment.amount
    if not fits or not returns_fit(payment, reading.refunds, is_charged_back=is_charged_back):
        return _Why.CHANGED
    # What staff accepted need not match what was asked for.
    return None if is_credited else _difference(deposit, reading)


def _difference(deposit: Deposit, reading: PaymentReading) -> ProviderPayment.Quarantine | None:
    if reading.reference != deposit.pk:
        return _Why.REFERENCE
    if reading.amount.currency != deposit.currency:
        return _Why.CURRENCY
    return None if reading.amount == deposit.amount else _Why.AMOUNT


def _lock_deposit(provider: str, reading: PaymentReading) -> Deposit | None:
    """The one under our reference; where that is unknown, the one that staff made for the payment."""
    rows = Deposit.objects.filter(provider=provider)
    found = lock(LockRank.PAYMENT, rows.filter(pk=reading.reference)) if reading.reference else []
    found = found or lock(
        LockRank.PAYMENT, rows.filter(payments__provider=provider, payments__payment_id=reading.payment_id)
    )
    return found[0] if found else None


def _is_dismissed(payment: ProviderPayment) -> bool:
    return payment.decisions.filter(kind=Decision.Kind.DISMISS_PAYMENT, state=Decision.State.DONE).exists()


def _lock_payment(provider: str, reading: PaymentReading, deposit: Deposit | None) -> ProviderPayment:
    known, _is_new = ProviderPayment.objects.get_or_create(
        provider=provider,
        payment_id=reading.payment_id,
        defaults={
            "deposit": deposit,
            "currency": reading.amount.currency,
            "amount_minor": reading.amount.minor,
            "state": _State.PENDING,
            "provider_updated_at": reading.updated_at,
        },
    )
    (payment,) = lock(LockRank.PAYMENT, ProviderPayment.objects.filter(pk=known.pk))
    return payment


def _numbered(payment: ProviderPayment, kind: PaymentEvent.Kind) -> str:
    return f"{payment.pk}:{payment.events.filter(kind=kind).count() + 1}"


def _refunded(payment: ProviderPayment) -> int:
    return sum(payment.events.filter(kind=_Kind.REFUNDED).values_list("amount_minor", flat=True))


def _scope(payment: ProviderPayment) -> str:
    return f"provider:{payment.provider}"


def _clearing(payment: ProviderPayment) -> AccountKey:
    return AccountKey.clearing(provider_id(payment.provider), payment.currency)
