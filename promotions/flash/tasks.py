"""Doors for the relay's clock and for beat."""

from celery import shared_task
from django.utils import timezone

from .services import lifecycle, waitlist


def run_due_moments() -> None:
    """Each second from the relay: starts, ends, stock of what is over, and who is next in line for a free unit."""
    at = timezone.now()
    lifecycle.start_due_promos(at=at)
    lifecycle.end_due_promos(at=at)
    lifecycle.release_due_stock()
    waitlist.tell_due_promos(at=at)


@shared_task(name="promotions.sweep")
def sweep() -> None:
    """Each minute from beat: what the relay missed while it was away."""
    run_due_moments()


@shared_task(name="promotions.clean_up_expired")
def clean_up_expired() -> None:
    """Hourly from beat: tidy what lapsed, and end what the sweep could not."""
    lifecycle.clean_up_expired()
    run_due_moments()
