"""Celery's doors to the ledger's housekeeping. Each is harmless twice."""

import logging

from celery import shared_task
from django.utils import timezone

from . import services, verification
from .invariants import LEDGER

logger = logging.getLogger(__name__)


@shared_task(name="funds.tidy_ledger")
def tidy_ledger() -> None:
    """Fold deltas into balances and mark lapsed holds (beat, every minute); nothing is wrong without it."""
    services.roll_up_deltas()
    services.free_lapsed_holds()


@shared_task(name="funds.verify_ledger")
def verify_ledger() -> None:
    """Read every posting (beat, daily); what is broken is an error in the log."""
    for fault in verification.find_faults(LEDGER, at=timezone.now(), is_full=True):
        logger.error("ledger invariant broken", extra={"invariant": fault.invariant.name, "rows": str(fault.rows)})
