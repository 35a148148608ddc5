"""What becomes of a person's reservations when the person leaves."""

from uuid import UUID

from marketplace.core.clock import db_now

from .errors import ReservationInProgressError
from .models import ActiveHold, WaitlistPlace


def refuse_while_holding(user_id: UUID) -> None:
    """Raises `ReservationInProgressError` during the person's minute with a unit."""
    if ActiveHold.objects.filter(customer=user_id, until__gt=db_now()).exists():
        raise ReservationInProgressError


def forget_holds(user_id: UUID) -> None:
    """The active hold and places in queues go; reservations stay with the books, under an id that leads to nobody."""
    ActiveHold.objects.filter(customer=user_id).delete()
    WaitlistPlace.objects.filter(customer=user_id).delete()
