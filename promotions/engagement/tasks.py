"""Doors for beat."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from . import retention
from .services.days import rebuild_days
from .services.draining import drain_events

DRAIN_SECONDS = 20.0
"""Of each tick; what is left waits for the next one, or another worker has it."""


@shared_task(name="promotions.drain_events")
def drain() -> None:
    """Each five seconds: what waits in the inbox of events."""
    until = monotonic() + DRAIN_SECONDS
    drain_events(at=timezone.now(), is_time_up=lambda: monotonic() >= until)


@shared_task(name="promotions.rebuild_engagement_days")
def rebuild() -> None:
    """Each hour: sums of the days that were touched."""
    rebuild_days(at=timezone.now())


@shared_task(name="promotions.forget_old_engagement")
def forget_old() -> None:
    """Daily: events and what counted them, long ago."""
    retention.forget_old(timezone.now())
