"""Celery's doors to the delivery queue."""

from celery import shared_task
from django.utils import timezone

from notifications.audiences.services import resume_fan_outs

from . import services


@shared_task(name="notifications.send_due")
def send_due() -> None:
    """The notification queue's tick (beat, each 30 s): audiences left half told, batches that are due."""
    resume_fan_outs(at=timezone.now())
    services.send_due()
