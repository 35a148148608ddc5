"""A door for beat."""

from time import monotonic
from typing import Final

from celery import shared_task

from . import services

SLICE_SECONDS: Final = 25.0
"""Well below Celery's time limit; what is left is done next time."""


@shared_task(name="purchases.add_up_sales")
def add_up_sales() -> None:
    """Each minute: days of sales that are behind."""
    until = monotonic() + SLICE_SECONDS
    while services.add_up_next() is not None and monotonic() < until:
        pass
