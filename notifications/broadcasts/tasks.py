"""Doors for the relay's clock and for beat."""

from celery import shared_task
from django.utils import timezone

from .services import lifecycle


def run_due_moments() -> None:
    """Each second from the relay: what is due begins, what was told to its end is sent."""
    lifecycle.start_due_broadcasts(at=timezone.now())
    lifecycle.finish_told_broadcasts()


@shared_task(name="notifications.sweep_broadcasts")
def sweep_broadcasts() -> None:
    """Each minute from beat: what the relay missed while it was away."""
    run_due_moments()
