"""What becomes of a person's reservations when the person leaves."""

from uuid import UUID

from marketplace.core.clock import db_now

from .errors import ReservationInProgressError
from .models import ActiveHold


def refuse_while_holding(user_id: UUID) -> None:
    """Raises `ReservationInProgressError` during the person's minute with a unit."""
    if ActiveHold.objects.filter(customer=user_id, until__gt=db_now()).exists():
        raise ReservationInProgressError


def forget_holds(user_id: UUID) -> None:
    """The active hold goes; reservations stay with the books, under an id that leads to nobody."""
    ActiveHold.objects.filter(customer=user_id).delete()
