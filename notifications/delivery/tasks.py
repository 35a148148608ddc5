"""Celery's doors to the delivery queue."""

from time import monotonic

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from notifications.audiences.services import resume_fan_outs

from . import retention, services

DRAIN_SECONDS = 30.0


@shared_task(name="notifications.send_due")
def send_due() -> None:
    """The notification queue's tick (beat, each 30 s): audiences left half told, batches that are due."""
    resume_fan_outs(at=timezone.now())
    services.send_due()


@shared_task(name="notifications.forget_old_deliveries")
def forget_old_deliveries() -> None:
    """Daily: deliveries that were done long ago."""
    retention.forget_done(timezone.now())


@shared_task(name="notifications.drain_outside_queue")
def drain_outside_queue() -> None:
    """The outside queue's tick (beat, each 30 s): what no consumer of its own has taken."""
    if settings.OUTSIDE_QUEUE_URL:
        services.drain_outside_queue(until=monotonic() + DRAIN_SECONDS)
