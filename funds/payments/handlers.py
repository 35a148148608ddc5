"""What the payments slice listens to: its own wake-ups."""

from funds.events import PaymentTaskQueued
from marketplace.core.outbox.handlers import handles

from .work import run_task


@handles(PaymentTaskQueued, queue="payments", atomic=False)
def run_task_on_payment_task_queued(event: PaymentTaskQueued) -> None:
    """Carry the task out; losing this message costs a second, the sweeper sends another."""
    run_task(task_id=event.task_id)
