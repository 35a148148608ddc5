"""Celery's door to the housekeeping of orders' payments."""

from celery import shared_task

from .services import payments


@shared_task(name="funds.expire_order_payments")
def expire_order_payments() -> None:
    """End payments whose moment has passed (beat, every minute); harmless twice."""
    payments.expire_order_payments()
