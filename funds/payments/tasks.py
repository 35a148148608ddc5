"""Celery's doors to the payment queue. A message is a wake-up with an id; the row in the database is the job."""

from uuid import UUID

from celery import shared_task
from kombu.exceptions import OperationalError as BrokerError

from . import work

QUEUE = "payments"


@shared_task(name="funds.run_payment_task")
def run_payment_task(task_id: str) -> None:
    """Carry one task out."""
    work.run_task(task_id=UUID(task_id))


@shared_task(name="funds.sweep_payment_tasks")
def sweep_payment_tasks() -> None:
    """Safety net (beat, every 2 s): whatever is due, from the database."""
    work.sweep_due_tasks()


def wake_due_tasks() -> int:
    """Send the wake-ups that were lost; with the broker out, do the work here instead. Called each second."""
    due = work.take_wake_ups()
    for task_id in due:
        try:
            run_payment_task.apply_async(args=(str(task_id),), queue=QUEUE, retry=False)
        except (BrokerError, ConnectionError):
            work.run_task(task_id=task_id)
    return len(due)
