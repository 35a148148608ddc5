"""Celery's door to carts."""

from celery import shared_task
from django.utils import timezone

from .services import drop_abandoned


@shared_task(name="purchases.drop_abandoned_carts")
def drop_abandoned_carts() -> None:
    """Strangers' carts that nobody comes back to (beat, daily)."""
    drop_abandoned(at=timezone.now())
