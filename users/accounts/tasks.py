"""Periodic work of the slice."""

from celery import shared_task

from .services.tidying import forget_expired


@shared_task(name="users.forget_expired_tokens")
def forget_expired_tokens() -> None:
    """Daily: deny-list rows, mail secrets and sessions that can matter to nobody any more."""
    forget_expired()
