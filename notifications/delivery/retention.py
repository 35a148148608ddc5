"""What the delivery queue forgets."""

from datetime import datetime, timedelta
from typing import Final

from marketplace.core.retention import delete_in_batches

from .models import Delivery, Straggler

KEPT_FOR: Final = timedelta(days=30)
"""Longer than the outbox keeps the facts that could ask for the same delivery again."""


def forget_done(at: datetime) -> int:
    """Delete deliveries that were done 30 days ago, with whom they gave up; how many. Harmless twice, also at once.

    A delivery somebody of which still waits stays, and so do parked ones.
    """
    still_wait = Straggler.objects.filter(state=Straggler.State.WAITING).values("delivery")
    done = Delivery.objects.filter(state=Delivery.State.DONE, done_at__lt=at - KEPT_FOR)
    return delete_in_batches(done.exclude(pk__in=still_wait))
