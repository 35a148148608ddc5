"""Doors for beat."""

from celery import shared_task
from django.utils import timezone

from . import privacy
from .services import lifecycle


@shared_task(name="promotions.sweep_experiments")
def sweep_experiments() -> None:
    """Each minute: stop what has reached its planned end. Nobody waits for it: serving and counting know the end."""
    lifecycle.stop_due_experiments(at=timezone.now())


@shared_task(name="promotions.forget_old_experiments")
def forget_old_experiments() -> None:
    """Each night: purchases and units that no report needs any more."""
    privacy.forget_old_facts(at=timezone.now())
