"""Celery's door to the rounds."""

from time import monotonic

from celery import shared_task
from django.utils import timezone

from . import services

TURN_SECONDS = 20.0
"""Of each round; what is left waits for the next tick."""


@shared_task(name="notifications.go_rounds")
def go_rounds() -> None:
    """Beat, each ten minutes: reminders of lists that wait; on Mondays, what the week was like."""
    for go in (services.remind_of_lists, services.tell_of_weeks):
        until = monotonic() + TURN_SECONDS
        go(at=timezone.now(), is_over=lambda until=until: monotonic() > until)  # type: ignore[misc]
