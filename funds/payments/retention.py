"""What the payments slice forgets: how webhooks were read back, and looks of reconciliation. Books forget nothing."""

from datetime import datetime, timedelta
from typing import Final

from marketplace.core.retention import delete_in_batches

from .models import PaymentAttempt, PaymentTask, ProviderEvent, ReconciliationRun

KEPT_FOR: Final = timedelta(days=90)
"""Longer than any provider repeats a webhook, and than most charge-backs take to be disputed."""


def forget_old(at: datetime) -> int:
    """Delete webhooks that were read back over 90 days ago with their tasks and attempts, and old looks; how many rows.

    Tasks that moved money, findings and decisions stay. Harmless twice, also at the same time.
    """
    read_back = ProviderEvent.objects.filter(processed_at__lt=at - KEPT_FOR).exclude(
        tasks__state__in=[*PaymentTask.LIVE_STATES, PaymentTask.State.NEEDS_REVIEW]
    )
    old = read_back.values("pk")
    return (
        delete_in_batches(PaymentAttempt.objects.filter(task__event__in=old))
        + delete_in_batches(PaymentTask.objects.filter(event__in=old, decisions__isnull=True))
        + delete_in_batches(read_back.filter(tasks__isnull=True))
        + delete_in_batches(ReconciliationRun.objects.filter(until__lt=at - KEPT_FOR, finished_at__isnull=False))
    )
