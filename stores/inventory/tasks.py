"""Celery's door to the inventory; harmless twice."""

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from marketplace.core.clock import platform_day
from marketplace.core.jobs import take_slot

from . import reconciliation


@shared_task(name="stores.reconcile_stock")
@transaction.atomic
def reconcile_stock() -> None:
    """Compare every counter with its movements (beat, nightly), once a platform day."""
    if take_slot("stores.reconcile_stock", str(platform_day(timezone.now()))):
        reconciliation.reconcile_stock()
