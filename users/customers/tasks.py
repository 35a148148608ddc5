"""Periodic work of the slice: daily, harmless twice. Beat names them; the services commit in chunks."""

from celery import shared_task
from django.utils import timezone

from .services import segments, tiers


@shared_task(name="users.recompute_segments")
def recompute_segments() -> None:
    """Daily: the automatic segments ("new" also ends by the calendar alone)."""
    segments.recompute_segments(at=timezone.now())


@shared_task(name="users.recompute_tiers")
def recompute_tiers() -> None:
    """Daily: the tiers, behind the settling at each order."""
    tiers.recompute_tiers()
