"""Celery's doors to procurement; harmless twice."""

from celery import shared_task
from django.utils import timezone

from . import replenishment, services


@shared_task(name="stores.suggest_replenishment")
def suggest_replenishment() -> None:
    """Compute what ought to be ordered (beat, hourly)."""
    replenishment.refresh_suggestions(at=timezone.now())


@shared_task(name="stores.place_automatic_orders")
def place_automatic_orders() -> None:
    """Order by itself of suppliers that allow it (beat, daily), on fresh figures."""
    at = timezone.now()
    replenishment.refresh_suggestions(at=at)
    services.place_automatic_orders(at=at)
