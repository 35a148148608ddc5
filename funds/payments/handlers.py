"""What the payments slice listens to: its own wake-ups."""

from funds.events import DepositRequested
from marketplace.core.outbox.handlers import handles

from .work import run_task


@handles(DepositRequested, queue="payments", atomic=False)
def run_task_on_deposit_requested(event: DepositRequested) -> None:
    """Carry the deposit's task out; losing this message costs a second, the sweeper sends another."""
    run_task(task_id=event.task_id)
