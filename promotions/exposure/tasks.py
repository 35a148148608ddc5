"""Doors for beat."""

from celery import shared_task
from django.utils import timezone

from .services.folding import fold_drains
from .services.forgetting import forget_old_slates


@shared_task(name="promotions.fold_exposures")
def fold_exposures() -> None:
    """Each five seconds: what was counted since is counted for slots and experiments."""
    fold_drains(at=timezone.now())


@shared_task(name="promotions.forget_old_slates")
def forget_old_selections() -> None:
    """Retention of selections (daily)."""
    forget_old_slates(timezone.now())
