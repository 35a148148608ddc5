"""Doors for beat. Each is harmless twice, also at the same time."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from marketplace.core.clock import platform_day

from .reporting import write_days
from .services import expiring, levels, vouchers

DAYS_THAT_MOVE = 2
"""Events are handled late where a worker was away: the days before today are written anew, too."""


@shared_task(name="promotions.expire_points")
def expire_points() -> None:
    """Each day: points and vouchers whose time is over; then the word to those whose points will be."""
    at = timezone.now()
    expiring.expire_points(at=at)
    vouchers.expire_vouchers(at=at)
    expiring.warn_of_expiry(at=at)


@shared_task(name="promotions.recompute_levels")
def recompute_levels() -> None:
    """Each day: levels by the points of the window, which moves with the days."""
    levels.recompute_levels(at=timezone.now())


@shared_task(name="promotions.sum_loyalty_days")
def sum_loyalty_days() -> None:
    """Each hour: the figures of today and the days before."""
    today = platform_day(timezone.now())
    write_days(today - timedelta(days=DAYS_THAT_MOVE), today)
