"""Carrying out payment tasks: claim and commit, ask the provider, record the answer with the money.

A worker may die at any point. Before the claim the row is simply due; after it the lease runs out and the next worker
asks the provider what happened before it sends anything; after the last commit there is nothing left to do.
"""

import logging
import random
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import F, Q, QuerySet

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import in_transaction, is_unavailable

from . import circuits
from .errors import AnswerMismatchError
from .jobs import JOBS, Request
from .models import PaymentAttempt, PaymentTask
from .providers import (
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
    provider_named,
)
from .services.queueing import park_task
from .services.recording import record_reading

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=12)
"""Longer than any provider call may take; a dead worker's task comes back after it."""
WAKE_AGAIN: Final = timedelta(seconds=5)
"""A wake-up that led to nothing within this time and the task's age is sent again: a backlog is no loss of messages."""
WAKE_AGAIN_AT_MOST: Final = timedelta(seconds=30)
MOST_WOKEN: Final = 400
"""So many wake-ups may be on their way: a backlog waits in the table, not as messages that are sent again and again."""
SWEEP_SECONDS: Final = 20.0
"""A sweep ends well before Celery's time limit, however slow a provider is."""
MAX_ATTEMPTS: Final = 8
LONGEST_PAUSE: Final = 600.0
DEFERRALS_PER_DOUBLING: Final = 8
LONGEST_DEFERRAL: Final = 3_600.0
SWITCHED_OFF_PAUSE: Final = 60.0
"""Tasks of a provider that is not configured (any more) wait; they are neither lost nor spent."""

_State = PaymentTask.State
_Outcome = PaymentAttempt.Outcome


@dataclass(frozen=True, slots=True)
class Claim:
    """A task that is ours until its lease ends, and the attempt written before anything is sent."""

    task: PaymentTask
    attempt: PaymentAttempt
    is_unresolved: bool

    @property
    def counted(self) -> int:
        """How many attempts count against the limit, this one included."""
        return self.task.attempts - self.task.deferrals


def run_task(*, task_id: UUID, provider: Provider | None = None) -> bool:
    """Carry the task out if it is due and nobody else has it; whether this worker did.

    Harmless twice and at the same time: the claim is a compare-and-set. Must not be called in a transaction, because
    the claim has to be committed before the provider hears of it. While the provider's circuit is open the task is put
    off without an attempt.
    """
    if in_transaction():
        raise RuntimeError("a payment task commits its claim before it calls the provider")
    name = _due().filter(pk=task_id).values_list("provider", flat=True).first()
    if name is None:
        return False
    try:
        asked = provider or provider_named(name)
        circuits.admit(asked)
    except KeyError:
        _put_off(task_id, SWITCHED_OFF_PAUSE)
        return False
    except ProviderDeferredError as deferral:
        _put_off(task_id, deferral.seconds)
        return False
    claim = _claim(task_id)
    if claim is None:
        return False
    _ask(claim, asked)
    return True


def _ask(claim: Claim, provider: Provider) -> None:
    name = provider.name
    try:
        answer = JOBS[claim.task.kind].ask(_request(claim), provider)
    except ProviderRefusedError as error:
        circuits.report_answer(name)
        _record_refusal(claim, str(error))
    except ProviderDeferredError as error:
        if error.is_out:
            circuits.report_silence(name)
        _record_deferral(claim, error)
    except ProviderUncertainError as error:
        (circuits.report_silence if error.is_out else circuits.report_answer)(name)
        _record_uncertainty(claim, str(error))
    except Exception as error:
        # A defect of ours or of an adapter says nothing about what the provider did.
        logger.exception("payment task failed", extra={"payment_task": str(claim.task.pk)})
        _record_uncertainty(claim, f"{type(error).__name__}: {error}")
    else:
        circuits.report_answer(name)
        _take_over(claim, answer)


def sweep_due_tasks(*, limit: int = 100) -> int:
    """Carry out what nobody has taken up, straight from the database, whatever became of the messages; how many ran."""
    ends = monotonic() + SWEEP_SECONDS
    ran = 0
    for task_id in take_wake_ups(limit=limit):
        if monotonic() > ends:
            break
        ran += run_task(task_id=task_id)
    return ran


def take_wake_ups(*, limit: int = 200) -> list[UUID]:
    """Tasks whose wake-up is due: new ones, and those that nobody has taken up. Each is named again after a while."""
    overdue = PaymentTask.objects.filter(state__in=PaymentTask.LIVE_STATES, wake_at__lte=db_now())
    if not overdue.exists():
        return []
    _park_spent_tasks()
    limit = min(limit, MOST_WOKEN - _woken())
    if limit <= 0:
        return []
    with transaction.atomic():
        chosen = list(overdue.select_for_update(skip_locked=True).order_by("wake_at").only("run_at", "wake_at")[:limit])
        now = read_db_now()
        for task in chosen:
            age = max(timedelta(0), now - task.run_at)
            task.wake_at = now + min(WAKE_AGAIN + age, WAKE_AGAIN_AT_MOST)
        PaymentTask.objects.bulk_update(chosen, ["wake_at"])
    return [task.pk for task in chosen]


def _woken() -> int:
    """Tasks whose wake-up is on its way: due, and not to be named again yet."""
    waiting = PaymentTask.objects.filter(state__in=[_State.QUEUED, _State.UNKNOWN], run_at__lte=db_now())
    return waiting.filter(wake_at__gt=db_now())[:MOST_WOKEN].count()


def _due() -> "QuerySet[PaymentTask]":
    waiting = Q(state__in=[_State.QUEUED, _State.UNKNOWN], run_at__lte=db_now())
    abandoned = Q(state=_State.SENDING, lease_until__lte=db_now())
    return PaymentTask.objects.filter(waiting | abandoned, attempts__lt=F("deferrals") + MAX_ATTEMPTS)


def _put_off(task_id: UUID, seconds: float) -> None:
    # Spread out: everything that waits for one provider must not come back in the same instant.
    pause = timedelta(seconds=seconds * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load, keeps no secret
    PaymentTask.objects.filter(pk=task_id, state__in=[_State.QUEUED, _State.UNKNOWN]).update(
        run_at=db_now() + pause, wake_at=db_now() + pause
    )


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
    task = PaymentTask.objects.select_related("deposit", "event", "refund__payment", "payout").get(pk=task_id)
    is_unresolved = task.attempts > 1 and _is_unresolved(task)
    attempt = PaymentAttempt.objects.create(
        task=task, number=task.attempts, key=uuid5(task.pk, str(task.intent)), outcome=_Outcome.OPEN
    )
    return Claim(task, attempt, is_unresolved)


def _is_unresolved(task: PaymentTask) -> bool:
    """Whether an earlier attempt may have reached the provider; one that is still open has lost its worker."""
    task.tries.filter(outcome=_Outcome.OPEN).update(outcome=_Outcome.UNKNOWN, detail="the worker did not come back")
    return task.tries.filter(outcome=_Outcome.UNKNOWN).exists()


def _request(claim: Claim) -> Request:
    return Request(claim.task, claim.attempt.key, claim.is_unresolved)


def _take_over(claim: Claim, answer: Any) -> None:
    job = JOBS[claim.task.kind]
    try:
        for reading in job.payments(answer):
            # A transaction each: after money has moved no other payment may be locked.
            record_reading(provider=claim.task.provider, reading=reading)
        with transaction.atomic():
            # The subject's lock first, then the task's row: as everybody does who calls a subject off.
            job.take_over(claim.task, answer)
            if not _finish(claim, _Outcome.ACCEPTED, "", state=_State.DONE, last_error=""):
                transaction.set_rollback(True)
    except AnswerMismatchError as error:
        _park(claim, str(error))
    except Exception as error:
        if is_unavailable(error):
            raise  # the lease runs out, and the next worker asks again
        # The provider has acted, the books have not: the next attempt asks it and tries again.
        logger.exception("an answer cannot be taken over", extra={"payment_task": str(claim.task.pk)})
        _record_uncertainty(claim, f"not recorded: {type(error).__name__}: {error}")


@transaction.atomic
def _park(claim: Claim, because: str) -> None:
    if _finish(claim, _Outcome.UNKNOWN, because, state=_State.NEEDS_REVIEW):
        park_task(claim.task, because=because)


@transaction.atomic
def _record_refusal(claim: Claim, detail: str) -> None:
    if claim.is_unresolved and claim.task.kind == PaymentTask.Kind.REFUND:
        # An earlier attempt may have gone through: this refusal can mean that there is nothing left to refund.
        _park(claim, f"refused after an attempt without an answer: {detail}")
        return
    JOBS[claim.task.kind].refuse(claim.task, detail)
    if not _finish(claim, _Outcome.REFUSED, detail, state=_State.FAILED, last_error=detail[:500]):
        transaction.set_rollback(True)


@transaction.atomic
def _record_deferral(claim: Claim, deferral: ProviderDeferredError) -> None:
    # Twice as long after every few: what is never taken up (keys that expired) must not fill the table of attempts.
    doubled = deferral.seconds * 2 ** min(claim.task.deferrals // DEFERRALS_PER_DOUBLING, 10)
    pause = timedelta(seconds=max(deferral.seconds, min(doubled, LONGEST_DEFERRAL)))
    _finish(
        claim,
        _Outcome.DEFERRED,
        str(deferral),
        state=_State.UNKNOWN if claim.is_unresolved else _State.QUEUED,
        deferrals=F("deferrals") + 1,
        run_at=db_now() + pause,
        wake_at=db_now() + pause,
        last_error=str(deferral)[:500],
    )


@transaction.atomic
def _record_uncertainty(claim: Claim, detail: str) -> None:
    # Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    longest = min(LONGEST_PAUSE, 2.0**claim.counted)
    pause = timedelta(seconds=random.uniform(0.2, longest))  # noqa: S311 - spreads retries, keeps no secret
    is_last = claim.counted >= MAX_ATTEMPTS
    still_ours = _finish(
        claim,
        _Outcome.UNKNOWN,
        detail,
        state=_State.NEEDS_REVIEW if is_last else _State.UNKNOWN,
        run_at=db_now() + pause,
        wake_at=db_now() + pause,
        last_error=detail[:500],
    )
    if still_ours and is_last:
        park_task(claim.task, because=detail)


def _finish(claim: Claim, outcome: PaymentAttempt.Outcome, detail: str, **values: Any) -> bool:
    """Close attempt and task, if the task is still ours; a worker that lost its lease leaves both to its successor."""
    still_ours = PaymentTask.objects.filter(pk=claim.task.pk, state=_State.SENDING, attempts=claim.task.attempts)
    if not still_ours.update(lease_until=None, updated_at=db_now(), **values):
        return False
    PaymentAttempt.objects.filter(pk=claim.attempt.pk).update(
        outcome=outcome, detail=detail[:500], finished_at=db_now()
    )
    return True


@transaction.atomic
def _park_spent_tasks() -> None:
    """Tasks whose every attempt killed its worker wait for a person, the money untouched."""
    spent = PaymentTask.objects.filter(
        state__in=PaymentTask.LIVE_STATES, attempts__gte=F("deferrals") + MAX_ATTEMPTS, wake_at__lte=db_now()
    ).exclude(state=_State.SENDING, lease_until__gt=db_now())
    for task in spent.select_for_update(skip_locked=True)[:100]:
        park_task(task, because="the worker died on every attempt")
