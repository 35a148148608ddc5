"""A unit whose order waits for a provider's money: its hold is extended once, and the fence decides when money comes.

Lock order: active hold, then promotion unit.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, enter
from marketplace.core.outbox.publishing import publish
from promotions.contracts import ReservedUnit
from promotions.events import HoldReleased
from promotions.flash import statements
from promotions.flash.errors import ReservationLapsedError
from promotions.flash.models import ActiveHold, PromoUnit, Reservation
from promotions.flash.selectors import unit_of

from .claims import close_abandoned, close_sold, free_active_hold, own_reservation, still_held, why_not


@transaction.atomic
def hold_for_payment(*, reservation_id: UUID, customer_id: UUID, order_id: UUID, lasts: timedelta) -> ReservedUnit:
    """Hold the unit for `lasts` from now (the database's clock) while `order_id` waits for its money. Once, ever.

    Raises `ReservationNotFoundError`, `ReservationLapsedError`, `ReservationCancelledError`,
    `ReservationCompletedError`, and `ReservationBeingPaidError` the second time.
    """
    reservation = own_reservation(reservation_id, customer_id)
    now = read_db_now()
    until = now + lasts
    enter(LockRank.ACTIVE_HOLD)
    ActiveHold.objects.filter(customer=customer_id, reservation_id=reservation_id).update(until=until)
    if not still_held(reservation).update(held_until=until):
        raise why_not(reservation)
    Reservation.objects.filter(pk=reservation_id).update(order_id=order_id, expires_at=until)
    reservation.order_id, reservation.expires_at = order_id, until
    return unit_of(reservation, now)


@transaction.atomic
def claim_paid_unit(*, reservation_id: UUID, order_id: UUID) -> None:
    """The money of the order that waited is here: sell it the unit, if nobody else has claimed that since.

    The claim's number decides, not the clock: past its time the unit is still this customer's if it is nobody else's,
    and if they have not bought or held their last one meanwhile. Harmless twice. Raises `ReservationLapsedError`.
    """
    reservation = Reservation.objects.select_related("promo").filter(pk=reservation_id, order_id=order_id).first()
    if reservation is None or reservation.state == Reservation.State.CANCELLED:
        raise ReservationLapsedError
    if reservation.state == Reservation.State.COMPLETED:
        return
    has_room = free_active_hold(reservation) or _has_room(reservation)
    enter(LockRank.PROMOTION_UNIT)
    sold = has_room and _claimed_last(reservation).update(
        sold_at=db_now(), holder=reservation.customer_id, held_until=reservation.expires_at
    )
    if sold:
        close_sold(reservation, order_id)
    elif not Reservation.objects.filter(pk=reservation_id, state=Reservation.State.COMPLETED).exists():
        raise ReservationLapsedError


def _claimed_last(reservation: Reservation) -> "QuerySet[PromoUnit]":
    """The unit, unless somebody has claimed it since: their claim has another number."""
    return PromoUnit.objects.filter(PromoUnit.OPEN, pk=reservation.unit_id, claim_no=reservation.claim_no)


def _has_room(reservation: Reservation) -> bool:
    """Whether one unit more keeps to the promotion's limit for a customer whose hold was over, and who may have others.

    The customer's row of active holds is locked or made, so that no claim of theirs passes meanwhile.
    """
    promo, customer_id = reservation.promo, reservation.customer_id
    until = statements.take_hold(
        promo_id=promo.pk, customer_id=customer_id, reservation_id=reservation.pk, hold=timedelta(0)
    )
    if until is not None:
        ActiveHold.objects.filter(customer=customer_id, reservation_id=reservation.pk).delete()
    if promo.units_per_customer is None:
        return True
    taken = Q(sold_at__isnull=False) | Q(PromoUnit.OPEN, held_until__gt=db_now())
    theirs = PromoUnit.objects.filter(taken, promo=promo, holder=customer_id).exclude(
        pk=reservation.unit_id, claim_no=reservation.claim_no
    )
    return theirs.count() < promo.units_per_customer


@transaction.atomic
def give_unit_up(*, reservation_id: UUID, order_id: UUID) -> bool:
    """The order that waited was called off: its unit is free at once; whether it was held still. Harmless twice.

    The extension counts as abandoned from now on, as it does when nobody pays it.
    """
    reservation = Reservation.objects.filter(pk=reservation_id, order_id=order_id, state=Reservation.State.HELD).first()
    if reservation is None:
        return False
    free_active_hold(reservation)
    enter(LockRank.PROMOTION_UNIT)
    held = _claimed_last(reservation).filter(held_until__gt=db_now())
    if not held.update(holder=None, held_until=None, freed_at=db_now()):
        return False
    close_abandoned(reservation, read_db_now())
    publish(
        HoldReleased(promo_id=reservation.promo_id, reservation_id=reservation_id, customer_id=reservation.customer_id)
    )
    return True


def excuse_lapse(*, reservation_id: UUID) -> None:
    """It was paid, too late for its unit: it does not count as abandoned. Harmless twice."""
    Reservation.objects.filter(pk=reservation_id).update(is_excused=True)
