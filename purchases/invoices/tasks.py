"""Doors for the relay's clock and for beat."""

from celery import shared_task

from . import services


def run_due_moments() -> None:
    """Each second from the relay: invoices that wait for their numbers."""
    services.number_invoices()


@shared_task(name="purchases.number_invoices")
def number_invoices() -> None:
    """Each minute from beat: what the relay missed while it was away."""
    services.number_invoices()
