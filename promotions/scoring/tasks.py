"""Celery's door to the scores; harmless twice."""

from celery import shared_task
from django.utils import timezone

from . import services


@shared_task(name="promotions.compute_scores")
def compute_scores() -> None:
    """Compute and publish a version (beat, hourly); then forget those nobody asks for."""
    services.compute_scores(at=timezone.now())
    services.forget_old_scores()
