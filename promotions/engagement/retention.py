"""What the slice forgets, and when. Sums by hour and by day stay."""

from datetime import datetime, timedelta

from marketplace.core.retention import delete_in_batches

from .models import ActorHour, DeadEvent, EngagementEvent, EventDrain
from .services.days import day_bounds, first_kept_day

HOURS_KEPT = timedelta(hours=80)
"""Longer than an event may be late: until then its hour may still fill up."""
DRAINS_KEPT = timedelta(days=30)
DEAD_KEPT = timedelta(days=90)


def forget_old(at: datetime) -> int:
    """Delete events of days long ago, actors' hours, drains that were folded, dead events; how many rows.

    Days go whole: one that is kept can always be added up again. Harmless twice, also at the same time.
    """
    until, _end = day_bounds(first_kept_day(at))
    hours, _each = ActorHour.objects.filter(bucket__lt=at - HOURS_KEPT).delete()
    return (
        hours
        + delete_in_batches(EngagementEvent.objects.filter(at__lt=until))
        + delete_in_batches(EventDrain.objects.filter(folded_at__lt=at - DRAINS_KEPT))
        + delete_in_batches(DeadEvent.objects.filter(created_at__lt=at - DEAD_KEPT))
    )
