"""What staff do about money, with a reason and, above the limit of the policy in force, a second person.

A decision waits when with it its author would have moved more than the limit alone within 24 hours; the second person
carries it out or rejects it. Everything is in the audit trail. Nothing here trusts the admin's checks: the constraints
stand behind it.
"""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from funds.ledger.models import AccountKind, JournalKind
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.payments.errors import NotDecidableError, OwnWalletError, ReasonRequiredError, SecondPersonError
from funds.payments.models import Decision, Deposit, PaymentTask, Payout, ProviderEvent, ProviderPayment, Refund
from funds.payments.providers.protocol import PayoutReading, PayoutState
from funds.payments.selectors import policy_for
from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.wake import wake_relay

from .closing import close_deposit
from .payouts import fail_payout, lock_payout, record_payout
from .recording import credit_payment, refresh_deposit
from .refunds import fail_refund, lock_payment, request_refund

P = ParamSpec("P")
ValueT = TypeVar("ValueT")
_Kind = Decision.Kind
MOVES_NOTHING: Final = frozenset({_Kind.RETRY, _Kind.DISMISS_PAYMENT})
ALONE_WITHIN: Final = timedelta(hours=24)
"""What one person moves alone is added up over this time; above the limit it takes two."""


def _deciding(act: Callable[P, Decision]) -> Callable[P, Decision]:
    """One transaction, in which no other decision of the same person is made: what they move alone is added up."""

    @functools.wraps(act)
    @transaction.atomic
    def run(*args: P.args, **values: P.kwargs) -> Decision:
        lock(LockRank.PERSON, get_user_model()._default_manager.filter(pk=str(values["actor_id"])))
        return act(*args, **values)

    return run


@_deciding
def retry_task(*, task_id: UUID, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """Put a parked task back into the queue, with the same key at the provider. Raises `NotDecidableError`."""
    task = _parked(task_id)
    return _decide(Decision(kind=_Kind.RETRY, task=task, **_about(_amount_of(task))), reason, actor_id, at)


@_deciding
def give_up_task(*, task_id: UUID, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """End a parked task as if the provider had refused: held money becomes free again.

    Only for somebody who has seen at the provider that nothing happened. Raises `NotDecidableError`.
    """
    task = _parked(task_id)
    return _decide(Decision(kind=_Kind.GIVE_UP, task=task, **_about(_amount_of(task))), reason, actor_id, at)


@_deciding
def accept_payment(
    *, payment_id: int, reason: str, actor_id: UUID, at: datetime, customer_id: UUID | None = None
) -> Decision:
    """Credit a payment that was set aside, with the amount that really came.

    It goes to its deposit's customer, or to `customer_id` when it came under an unknown reference. Never for money that
    went to another receiver. Raises `NotDecidableError`.
    """
    payment = _set_aside(payment_id)
    if payment.quarantine in {ProviderPayment.Quarantine.RECEIVER, ProviderPayment.Quarantine.CHANGED}:
        raise NotDecidableError(state=payment.quarantine)
    if payment.deposit_id is None and customer_id is None:
        raise NotDecidableError(state=payment.quarantine)
    decision = Decision(kind=_Kind.ACCEPT_PAYMENT, payment=payment, customer_id=customer_id, **_about(payment.amount))
    return _decide(decision, reason, actor_id, at)


@_deciding
def dismiss_payment(*, payment_id: int, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """Leave a payment that was set aside alone for good: it never becomes money here. Raises `NotDecidableError`."""
    payment = _set_aside(payment_id)
    return _decide(
        Decision(kind=_Kind.DISMISS_PAYMENT, payment=payment, **_about(payment.amount)), reason, actor_id, at
    )


@_deciding
def refund_payment(*, payment_id: int, amount: Money, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """Refund an approved payment or part of it. Raises what `request_refund` does when it is carried out."""
    payment, _deposit = lock_payment(payment_id)
    return _decide(Decision(kind=_Kind.REFUND, payment=payment, **_about(amount)), reason, actor_id, at)


@_deciding
def settle_payout_by_hand(*, payout_id: UUID, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """Say that a payout has arrived, as staff have seen at the bank (the reason is the evidence)."""
    payout = _open_payout(payout_id)
    return _decide(Decision(kind=_Kind.PAYOUT_SETTLED, payout=payout, **_about(payout.amount)), reason, actor_id, at)


@_deciding
def refuse_payout_by_hand(*, payout_id: UUID, reason: str, actor_id: UUID, at: datetime) -> Decision:
    """Say that a payout will never arrive: the money goes back to its owner."""
    payout = _open_payout(payout_id)
    return _decide(Decision(kind=_Kind.PAYOUT_REFUSED, payout=payout, **_about(payout.amount)), reason, actor_id, at)


@_deciding
def adjust_wallet(
    *, customer_id: UUID, amount: Money, is_credit: bool, reason: str, actor_id: UUID, at: datetime
) -> Decision:
    """Give to a wallet or take from it, against the house's own money.

    Raises `InsufficientFundsError` when more is taken than is free, `ValueError` for nothing.
    """
    if amount.minor <= 0:
        raise ValueError("an adjustment moves something")
    signed = amount if is_credit else -amount
    return _decide(Decision(kind=_Kind.ADJUST, customer_id=customer_id, **_about(signed)), reason, actor_id, at)


@transaction.atomic
def approve_decision(*, decision_id: UUID, actor_id: UUID, at: datetime) -> Decision:
    """Carry out what somebody else asked for. Raises `SecondPersonError`, `NotDecidableError`, what the act does."""
    decision = _waiting(decision_id)
    if decision.requested_by == actor_id:
        raise SecondPersonError
    return _carry_out(decision, actor_id, at)


@transaction.atomic
def reject_decision(*, decision_id: UUID, actor_id: UUID, at: datetime) -> Decision:
    """Let a waiting decision be; also for whoever asked. Raises `NotDecidableError`."""
    decision = _waiting(decision_id)
    return _close(decision, Decision.State.REJECTED, actor_id, at)


def _decide(decision: Decision, reason: str, actor_id: UUID, at: datetime) -> Decision:
    if not reason.strip():
        raise ReasonRequiredError
    if decision.customer_id == actor_id:
        raise OwnWalletError
    waiting = Decision.objects.filter(
        state=Decision.State.WAITING, task=decision.task, payment=decision.payment, payout=decision.payout
    )
    if decision.kind != _Kind.ADJUST and waiting.exists():
        raise NotDecidableError(state=Decision.State.WAITING)
    decision.reason = reason.strip()[:500]
    decision.requested_by = actor_id
    decision.needs_second_person = decision.kind not in MOVES_NOTHING and _is_above_the_limit(decision, at)
    decision.save(force_insert=True)
    audit.record(
        actor_id=actor_id,
        action=f"funds.request_{decision.kind}",
        subject=decision,
        after={"amount": str(decision.amount), "second_person": decision.needs_second_person},
        reason=decision.reason,
    )
    return decision if decision.needs_second_person else _carry_out(decision, actor_id, at)


def _is_above_the_limit(decision: Decision, at: datetime) -> bool:
    alone = Decision.objects.filter(
        requested_by=decision.requested_by,
        currency=decision.currency,
        state=Decision.State.DONE,
        needs_second_person=False,
        created_at__gt=at - ALONE_WITHIN,
    ).exclude(kind__in=MOVES_NOTHING)
    before = alone.aggregate(total=Sum(Abs("amount_minor")))["total"] or 0
    return int(before) + abs(decision.amount_minor) > policy_for(decision.currency).second_person_above_minor


def _carry_out(decision: Decision, actor_id: UUID, at: datetime) -> Decision:
    _ACTS[_Kind(decision.kind)](decision, at)
    return _close(decision, Decision.State.DONE, actor_id, at)


def _close(decision: Decision, state: Decision.State, actor_id: UUID, at: datetime) -> Decision:
    decision.state = state
    decision.decided_by = actor_id
    decision.decided_at = at
    decision.save(update_fields=["state", "decided_by", "decided_at", "updated_at"])
    audit.record(
        actor_id=actor_id,
        action=f"funds.{'carry_out' if state == Decision.State.DONE else 'reject'}_{decision.kind}",
        subject=decision,
        after={"amount": str(decision.amount)},
        reason=decision.reason,
    )
    return decision


def _retry(decision: Decision, at: datetime) -> None:
    task = _parked(_given(decision.task_id))
    # An attempt without an answer may have moved something: it is asked about before anything is sent again.
    PaymentTask.objects.filter(pk=task.pk).update(
        state=PaymentTask.State.QUEUED, deferrals=task.attempts, run_at=db_now(), wake_at=db_now(), updated_at=db_now()
    )
    transaction.on_commit(wake_relay, robust=True)


def _give_up(decision: Decision, at: datetime) -> None:
    task = _parked(_given(decision.task_id))
    match task.subject:
        case Deposit() as deposit:
            (locked,) = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=deposit.pk))
            close_deposit(locked, state=Deposit.State.REJECTED)
        case Refund() as refund:
            lock_payment(refund.payment_id)
            fail_refund(Refund.objects.get(pk=refund.pk))
        case Payout() as payout:
            fail_payout(payout=lock_payout(payout.pk), because=decision.reason)
        case ProviderEvent() as event:
            ProviderEvent.objects.filter(pk=event.pk).update(processed_at=at)
    PaymentTask.objects.filter(pk=task.pk).update(state=PaymentTask.State.FAILED, updated_at=db_now())


def _accept(decision: Decision, at: datetime) -> None:
    payment = _set_aside(_given(decision.payment_id))
    if payment.deposit_id is None:
        payment.deposit = Deposit.objects.create(
            customer_id=_given(decision.customer_id),
            provider=payment.provider,
            currency=payment.currency,
            amount_minor=payment.amount_minor,
        )
        payment.save(update_fields=["deposit"])
    payment, deposit = lock_payment(payment.pk)
    payment.state = ProviderPayment.State.APPROVED
    payment.quarantine = ""
    payment.save(update_fields=["state", "quarantine"])
    credit_payment(payment=payment, deposit=deposit, at=at)
    refresh_deposit(deposit)


def _dismiss(decision: Decision, at: datetime) -> None:
    payment = _set_aside(_given(decision.payment_id))
    credited = payment.events.filter(kind="approved").exists()
    payment.state = ProviderPayment.State.APPROVED if credited else ProviderPayment.State.REJECTED
    payment.quarantine = ""
    payment.save(update_fields=["state", "quarantine"])


def _refund(decision: Decision, at: datetime) -> None:
    request_refund(
        payment_id=_given(decision.payment_id),
        amount=decision.amount,
        reason=decision.reason,
        requested_by=decision.requested_by,
    )


def _payout_settled(decision: Decision, at: datetime) -> None:
    payout = _open_payout(_given(decision.payout_id))
    reading = PayoutReading(
        payout.provider_payout_id or f"by-hand-{decision.pk}", payout.pk, PayoutState.SETTLED, payout.amount, at
    )
    _end_task_of(payout)
    record_payout(payout=payout, reading=reading)


def _payout_refused(decision: Decision, at: datetime) -> None:
    payout = _open_payout(_given(decision.payout_id))
    _end_task_of(payout)
    fail_payout(payout=payout, because=decision.reason)


def _adjust(decision: Decision, at: datetime) -> None:
    house = AccountKey.house(AccountKind.PROMOTIONS, decision.currency)
    wallet = AccountKey.wallet(_given(decision.customer_id), decision.currency)
    debit, credit = (house, wallet) if decision.amount_minor > 0 else (wallet, house)
    post_transfer(
        scope="adjustment",
        key=str(decision.pk),
        kind=JournalKind.ADJUSTMENT,
        legs=[Leg(debit, credit, Money(abs(decision.amount_minor), decision.currency))],
        at=at,
        source=f"decision:{decision.pk}",
    )


_ACTS: Final[dict[Decision.Kind, Callable[[Decision, datetime], None]]] = {
    _Kind.RETRY: _retry,
    _Kind.GIVE_UP: _give_up,
    _Kind.ACCEPT_PAYMENT: _accept,
    _Kind.DISMISS_PAYMENT: _dismiss,
    _Kind.REFUND: _refund,
    _Kind.PAYOUT_SETTLED: _payout_settled,
    _Kind.PAYOUT_REFUSED: _payout_refused,
    _Kind.ADJUST: _adjust,
}


def _waiting(decision_id: UUID) -> Decision:
    found = lock(LockRank.PAYMENT, Decision.objects.filter(pk=decision_id))
    if not found or found[0].state != Decision.State.WAITING:
        raise NotDecidableError(state=found[0].state if found else "")
    return found[0]


def _parked(task_id: UUID) -> PaymentTask:
    found = lock(LockRank.PAYMENT, PaymentTask.objects.filter(pk=task_id))
    if not found or found[0].state != PaymentTask.State.NEEDS_REVIEW:
        raise NotDecidableError(state=found[0].state if found else "")
    return found[0]


def _set_aside(payment_id: int) -> ProviderPayment:
    lock(LockRank.PAYMENT, Deposit.objects.filter(payments=payment_id))  # before the payment, as readings do
    found = lock(LockRank.PAYMENT, ProviderPayment.objects.filter(pk=payment_id))
    if not found or found[0].state != ProviderPayment.State.QUARANTINED:
        raise NotDecidableError(state=found[0].state if found else "")
    return found[0]


def _open_payout(payout_id: UUID) -> Payout:
    payout = lock_payout(payout_id)
    if payout.state not in Payout.OPEN_STATES:
        raise NotDecidableError(state=payout.state)
    return payout


def _end_task_of(payout: Payout) -> None:
    """Nobody may send it from now on; a worker that is sending right now is waited for."""
    tasks = PaymentTask.objects.filter(payout=payout)
    over = (PaymentTask.State.SENDING, PaymentTask.State.DONE, PaymentTask.State.FAILED)
    # Ended first, looked at afterwards: a worker that claims one between two looks must not be overlooked.
    tasks.exclude(state__in=over).update(state=PaymentTask.State.CANCELLED, updated_at=db_now())
    if tasks.filter(state=PaymentTask.State.SENDING).exists():
        raise NotDecidableError(state=PaymentTask.State.SENDING)


def _amount_of(task: PaymentTask) -> Money:
    subject = task.subject
    return Money.zero(settings.DEFAULT_CURRENCY) if isinstance(subject, ProviderEvent) else subject.amount


def _about(amount: Money) -> dict[str, Any]:
    return {"currency": amount.currency, "amount_minor": amount.minor}


def _given(value: ValueT | None) -> ValueT:
    if value is None:
        raise ValueError("the decision does not say what it is about")
    return value
