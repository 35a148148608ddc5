"""Putting work for the providers into the queue. The row is the job; the event only wakes a worker."""

from datetime import timedelta
from typing import Any, Final

from funds.events import PaymentTaskParked, PaymentTaskQueued
from funds.payments.models import PaymentTask
from marketplace.core.clock import db_now
from marketplace.core.outbox.publishing import publish

WAKE_GRACE: Final = timedelta(seconds=1)
"""How long the event's own wake-up has before the sweeper sends another."""


def queue_task(*, kind: PaymentTask.Kind, provider: str, intent: int = 1, **subject: Any) -> PaymentTask:
    """Write the job in the caller's transaction. `subject` is the one row it is about, by its name on the task."""
    task: PaymentTask = PaymentTask.objects.create(
        kind=kind, provider=provider, intent=intent, run_at=db_now(), wake_at=db_now() + WAKE_GRACE, **subject
    )
    publish_wake_up(task)
    return task


def publish_wake_up(task: PaymentTask) -> None:
    """Tell a worker that the task is due; losing this costs a second."""
    publish(PaymentTaskQueued(task_id=task.pk))


def park_task(task: PaymentTask, *, because: str) -> None:
    """Leave the task to a person; the caller's transaction holds what it is about."""
    PaymentTask.objects.filter(pk=task.pk).update(
        state=PaymentTask.State.NEEDS_REVIEW, lease_until=None, last_error=because[:500], updated_at=db_now()
    )
    publish(PaymentTaskParked(task_id=task.pk, kind=task.kind, attempts=task.attempts))
