"""Putting work for providers into the queue. The row is the job and its own outbox; the relay sends the wake-ups."""

from typing import Any

from django.db import transaction

from funds.events import PaymentTaskParked
from funds.payments.models import PaymentTask
from marketplace.core.clock import db_now
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.wake import wake_relay


def queue_task(*, kind: PaymentTask.Kind, provider: str, intent: int = 1, **subject: Any) -> PaymentTask:
    """Write the job in the caller's transaction. `subject` is the one row it is about, by its name on the task."""
    task: PaymentTask = PaymentTask.objects.create(
        kind=kind, provider=provider, intent=intent, run_at=db_now(), wake_at=db_now(), **subject
    )
    transaction.on_commit(wake_relay, robust=True)
    return task


def park_task(task: PaymentTask, *, because: str) -> None:
    """Leave the task to a person; the caller's transaction holds what it is about."""
    PaymentTask.objects.filter(pk=task.pk).update(
        state=PaymentTask.State.NEEDS_REVIEW, lease_until=None, last_error=because[:500], updated_at=db_now()
    )
    publish(PaymentTaskParked(task_id=task.pk, kind=task.kind, attempts=task.attempts))
