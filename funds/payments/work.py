"""Carrying out payment tasks: claim and commit, ask the provider, record the answer with the money.

A worker may die at any point. Before the claim the row is simply due; after it the lease runs out and the next worker
asks the provider what happened before it sends anything; after the last commit there is nothing left to do.
"""

import logging
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F, Q, QuerySet

from funds.events import DepositRejected
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, in_transaction, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .models import Deposit, PaymentAttempt, PaymentTask, ProviderPayment
from .providers import Checkout, Provider, ProviderRefusedError, ProviderUncertainError, provider_named
from .services import record_payment

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=12)
"""Longer than any provider call may take; a dead worker's task comes back after it."""
WAKE_AGAIN: Final = timedelta(seconds=5)
"""A wake-up that led to nothing within this time is sent again."""
MAX_ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = 600.0

_State = PaymentTask.State
_LIVE: Final = (_State.QUEUED, _State.UNKNOWN, _State.SENDING)


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that is ours until its lease ends, and the attempt written before anything is sent."""

    task_id: UUID
    attempt: PaymentAttempt
    deposit_id: UUID
    provider: str
    amount: Money
    is_unresolved: bool


def run_task(*, task_id: UUID, provider: Provider | None = None) -> bool:
    """Carry the task out if it is due and nobody else has it; whether this worker did.

    Harmless twice and at the same time: the claim is a compare-and-set. Must not be called in a transaction, because
    the claim has to be committed before the provider hears of it.
    """
    if in_transaction():
        raise RuntimeError("a payment task commits its claim before it calls the provider")
    claim = _claim(task_id)
    if claim is None:
        return False
    try:
        checkout = _ask(claim, provider or provider_named(claim.provider))
    except ProviderRefusedError as error:
        _record_refusal(claim, str(error))
    except ProviderUncertainError as error:
        _record_uncertainty(claim, str(error))
    except Exception as error:
        # A defect of ours or of an adapter says nothing about what the provider did.
        logger.exception("payment task failed", extra={"task": str(task_id)})
        _record_uncertainty(claim, f"{type(error).__name__}: {error}")
    else:
        _record_answer(claim, checkout)
    return True


def sweep_due_tasks(*, limit: int = 100) -> int:
    """Carry out what is due straight from the database, whatever became of the messages; how many were run."""
    _park_spent_tasks()
    due = _due().order_by("wake_at").values_list("pk", flat=True)[:limit]
    return sum(run_task(task_id=task_id) for task_id in list(due))


def take_wake_ups(*, limit: int = 200) -> list[UUID]:
    """Tasks that nobody has taken up although they are due; each is named again only after a while."""
    overdue = PaymentTask.objects.filter(state__in=_LIVE, wake_at__lte=db_now())
    if not overdue.exists():
        return []
    _park_spent_tasks()
    with transaction.atomic():
        chosen = list(
            overdue.select_for_update(skip_locked=True).order_by("wake_at").values_list("pk", flat=True)[:limit]
        )
        PaymentTask.objects.filter(pk__in=chosen).update(wake_at=db_now() + WAKE_AGAIN)
    return chosen


def _due() -> "QuerySet[PaymentTask]":
    waiting = Q(state__in=[_State.QUEUED, _State.UNKNOWN], run_at__lte=db_now())
    abandoned = Q(state=_State.SENDING, lease_until__lte=db_now())
    return PaymentTask.objects.filter(waiting | abandoned, attempts__lt=MAX_ATTEMPTS)


@transaction.atomic
def _claim(task_id: UUID) -> Claim | None:
    won = (
        _due()
        .filter(pk=task_id)
        .update(
            state=_State.SENDING,
            attempts=F("attempts") + 1,
            lease_until=db_now() + LEASE,
            wake_at=db_now() + LEASE,
            updated_at=db_now(),
        )
    )
    if not won:
        return None
    task = PaymentTask.objects.select_related("deposit").get(pk=task_id)
    task.tries.filter(outcome=PaymentAttempt.Outcome.OPEN).update(
        outcome=PaymentAttempt.Outcome.UNKNOWN, detail="the worker did not come back"
    )
    is_unresolved = task.tries.filter(outcome=PaymentAttempt.Outcome.UNKNOWN).exists()
    attempt = PaymentAttempt.objects.create(
        task=task, number=task.attempts, key=uuid5(task.pk, str(task.intent)), outcome=PaymentAttempt.Outcome.OPEN
    )
    deposit = task.deposit
    assert deposit is not None
    return Claim(task.pk, attempt, deposit.pk, deposit.provider, deposit.amount, is_unresolved)


def _ask(claim: Claim, provider: Provider) -> Checkout:
    if claim.is_unresolved:
        known = provider.find_checkout(reference=claim.deposit_id)
        if known is not None:
            return known
    return provider.start_deposit(key=claim.attempt.key, reference=claim.deposit_id, amount=claim.amount)


@transaction.atomic
def _record_answer(claim: Claim, checkout: Checkout) -> None:
    deposit = _lock_deposit(claim)
    if not _finish(claim, PaymentAttempt.Outcome.ACCEPTED, "", state=_State.DONE):
        return
    deposit.checkout_url = checkout.checkout_url
    if deposit.state == Deposit.State.CREATED:
        deposit.state = Deposit.State.PREFERENCE_READY if checkout.checkout_url else Deposit.State.PENDING
    payments = [record_payment(deposit=deposit, reading=reading) for reading in checkout.payments]
    deposit.save(update_fields=["state", "checkout_url", "credited_at", "updated_at"])
    if any(payment.state == ProviderPayment.State.QUARANTINED for payment in payments):
        PaymentTask.objects.filter(pk=claim.task_id).update(
            state=_State.NEEDS_REVIEW, last_error="a payment does not match the deposit"
        )


@transaction.atomic
def _record_refusal(claim: Claim, detail: str) -> None:
    deposit = _lock_deposit(claim)
    if not _finish(claim, PaymentAttempt.Outcome.REFUSED, detail, state=_State.FAILED, last_error=detail[:500]):
        return
    if deposit.state in Deposit.OPEN_STATES:
        deposit.state = Deposit.State.REJECTED
        deposit.save(update_fields=["state", "updated_at"])
        publish(DepositRejected(deposit_id=deposit.pk, customer_id=deposit.customer_id, amount=deposit.amount))


@transaction.atomic
def _record_uncertainty(claim: Claim, detail: str) -> None:
    # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    longest = min(LONGEST_PAUSE, 2.0**claim.attempt.number)
    pause = timedelta(seconds=random.uniform(0.2, longest))  # noqa: S311 - spreads retries, keeps no secret
    is_last = claim.attempt.number >= MAX_ATTEMPTS
    _finish(
        claim,
        PaymentAttempt.Outcome.UNKNOWN,
        detail,
        state=_State.NEEDS_REVIEW if is_last else _State.UNKNOWN,
        run_at=db_now() + pause,
        wake_at=db_now() + pause,
        last_error=detail[:500],
    )


def _finish(claim: Claim, outcome: PaymentAttempt.Outcome, detail: str, **values: object) -> bool:
    """Close attempt and task, if the task is still ours; a worker that lost its lease leaves both to its successor."""
    still_ours = PaymentTask.objects.filter(pk=claim.task_id, state=_State.SENDING, attempts=claim.attempt.number)
    if not still_ours.update(lease_until=None, updated_at=db_now(), **values):
        return False
    PaymentAttempt.objects.filter(pk=claim.attempt.pk).update(
        outcome=outcome, detail=detail[:500], finished_at=db_now()
    )
    return True


def _park_spent_tasks() -> None:
    """Tasks whose every attempt killed its worker wait for a person, the money untouched."""
    spent = PaymentTask.objects.filter(state__in=_LIVE, attempts__gte=MAX_ATTEMPTS, wake_at__lte=db_now())
    spent.exclude(state=_State.SENDING, lease_until__gt=db_now()).update(
        state=_State.NEEDS_REVIEW, lease_until=None, last_error="the worker died on every attempt"
    )


def _lock_deposit(claim: Claim) -> Deposit:
    (deposit,) = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=claim.deposit_id))
    return deposit
