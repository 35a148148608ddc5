"""Celery's doors to the core's own housekeeping."""

import logging
from dataclasses import asdict

from celery import shared_task
from django.utils import timezone

from .jobs import tick
from .retention import forget_old as forget_old_rows

logger = logging.getLogger(__name__)


@shared_task(name="core.forget_old")
def forget_old() -> None:
    """Retention of the core's tables (daily)."""
    logger.info("forgot old rows", extra=asdict(forget_old_rows(timezone.now())))


@shared_task(name="core.tick")
def tick_of_beat() -> None:
    """Each minute: beat sends, the broker passes on, a worker works. `/readyz` and metrics look at the last one."""
    tick(timezone.now())
