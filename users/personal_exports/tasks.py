"""Periodic work of the slice."""

from celery import shared_task

from .services import forget_old_exports as forget


@shared_task(name="users.forget_old_exports")
def forget_old_exports() -> None:
    """Hourly: copies of personal data whose time is over."""
    forget()
