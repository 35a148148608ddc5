"""Doors for the relay's clock and for beat."""

from celery import shared_task
from django.utils import timezone

from .services import lifecycle


def run_due_moments() -> None:
    """Each second from the relay: starts and ends."""
    at = timezone.now()
    lifecycle.start_due_campaigns(at=at)
    lifecycle.end_due_campaigns(at=at)


@shared_task(name="promotions.sweep_campaigns")
def sweep_campaigns() -> None:
    """Each minute from beat: what the relay missed while it was away."""
    run_due_moments()
