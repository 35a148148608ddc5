"""Doors for the relay's clock and for beat."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from . import services


def run_due_moments() -> None:
    """Each second from the relay: unpaid orders whose time is over."""
    services.expire_due_orders(at=timezone.now())


@shared_task(name="purchases.sweep_orders")
def sweep_orders() -> None:
    """Each minute from beat: what the relay missed while it was away."""
    run_due_moments()


@shared_task(name="purchases.close_orders")
def close_orders() -> None:
    """Daily from beat: orders of which nothing can come back any more."""
    services.close_due_orders(at=timezone.now(), after=timedelta(days=settings.RETURN_DAYS))
