"""Celery's door to the ledger's housekeeping; harmless twice."""

from celery import shared_task

from . import services


@shared_task(name="funds.tidy_ledger")
def tidy_ledger() -> None:
    """Fold deltas into balances and mark lapsed holds (beat, every minute); nothing is wrong without it."""
    services.roll_up_deltas()
    services.free_lapsed_holds()
