"""Celery's door to the alerts of wallets."""

from celery import shared_task
from django.utils import timezone

from . import services


@shared_task(name="funds.tell_low_balances")
def tell_low_balances() -> None:
    """Look once a minute (beat) who fell below their threshold; harmless twice."""
    services.tell_low_balances(at=timezone.now())
