"""Celery's door to the slice's housekeeping."""

from celery import shared_task

from .services import forget_old_tickets


@shared_task(name="notifications.forget_old_tickets")
def forget_old() -> None:
    """Hourly: tickets that nobody used in time."""
    forget_old_tickets()
