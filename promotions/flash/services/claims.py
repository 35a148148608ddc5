"""Claiming, giving back and selling a unit. Lock order: active hold, then promotion unit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, QuerySet

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, enter
from marketplace.core.outbox.publishing import publish
from promotions.contracts import ClaimedSale, ReservationCard
from promotions.events import HoldReleased, UnitReserved, UnitSold
from promotions.flash import statements
from promotions.flash.eligibility import OfferRules, failed_rules
from promotions.flash.errors import (
    ActiveHoldExistsError,
    CoolingDownError,
    NotEligibleError,
    PromoHeldError,
    PromoLimitReachedError,
    PromoNotFoundError,
    PromoNotRunningError,
    PromoSoldOutError,
    ReservationBeingPaidError,
    ReservationCancelledError,
    ReservationCompletedError,
    ReservationLapsedError,
    ReservationNotFoundError,
)
from promotions.flash.models import ActiveHold, PromoUnit, Reservation, WaitlistPlace
from promotions.flash.selectors import card_of, reservation_card, reservations_of
from promotions.flash.state import whole_seconds
from promotions.flash.statements import Scene
from users.facade import AccessRevokedError, CustomerNotFoundError

HOLD = timedelta(seconds=60)
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Reserved:
    """A reservation; not new when the customer had it already."""

    card: ReservationCard
    is_new: bool


class _OtherRequestWonError(Exception):
    """The same customer's other request was faster: took the active hold, or bought the last unit they may have."""


def reserve_unit(
    *, promo_id: UUID, customer_id: UUID, token_version: int | None = None, hold: timedelta = HOLD
) -> Reserved:
    """Give the customer a unit for `hold` (60 s), by the database's clock. Asking again answers the same.

    Looks first, without a transaction, so that whoever comes too late costs one query; only who sees a free unit goes
    for it. With `token_version` (of the access token that asks, when the account was not loaded for it) a token that
    is out of force is refused with `AccessRevokedError`. Raises `CustomerNotFoundError`, `PromoNotFoundError`,
    `PromoNotRunningError`, `NotEligibleError` (with `failed_rules`), `ActiveHoldExistsError`,
    `PromoLimitReachedError`, `CoolingDownError`, `PromoSoldOutError`, `PromoHeldError` (with `seconds_left` until the
    next hold lapses). A refusal changes nothing.
    """
    for _try in range(_TRIES):
        scene = look(promo_id=promo_id, customer_id=customer_id)
        if scene is None:
            raise PromoNotFoundError
        refuse_revoked(scene, token_version)
        if scene.hold_promo_id == promo_id and scene.hold_reservation_id is not None:
            return Reserved(reservation_card(scene.hold_reservation_id), is_new=False)
        refuse_buyer(scene)
        if scene.hold_ends_in is not None:
            raise ActiveHoldExistsError(
                promo=scene.hold_promo_id,
                reservation=scene.hold_reservation_id,
                seconds_left=whole_seconds(scene.hold_ends_in),
            )
        refuse_cooling(scene)
        if not scene.has_free_unit and scene.lapse_in is not None:
            raise _held(scene.lapse_in)
        try:
            return Reserved(_take(promo_id=promo_id, customer_id=customer_id, scene=scene, hold=hold), is_new=True)
        except _OtherRequestWonError:
            continue
    raise PromoHeldError(seconds_left=1, retry_after=1)


def refuse_revoked(scene: Scene, token_version: int | None) -> None:
    """Raises `AccessRevokedError` when tokens of that version do not open anything any more."""
    claimant = scene.claimant
    if token_version is None or (claimant and claimant.is_active and claimant.token_version == token_version):
        return
    raise AccessRevokedError


def refuse_buyer(scene: Scene) -> None:
    """Raises for whoever could not buy a unit now or later: `PromoSoldOutError`, `PromoNotRunningError`,
    `NotEligibleError`, `PromoLimitReachedError`."""
    if scene.is_sold_out:
        raise PromoSoldOutError
    if not scene.is_running:
        raise PromoNotRunningError
    customer = scene.claimant
    if customer is None or not customer.has_profile:
        raise CustomerNotFoundError
    failed = failed_rules(OfferRules(scene.latitude, scene.longitude, scene.radius_km, scene.segment_ids), customer)
    if not customer.is_active:
        failed = ("inactive", *failed)
    if failed:
        raise NotEligibleError(failed_rules=failed)
    if scene.has_had_enough:
        raise PromoLimitReachedError(limit=scene.limit)


def look(*, promo_id: UUID, customer_id: UUID) -> Scene | None:
    """The promotion as the customer finds it; none when there is no such promotion."""
    return statements.look(promo_id=promo_id, customer_id=customer_id, abandoned=max(1, settings.FLASH_ABANDONED_HOLDS))


def refuse_cooling(scene: Scene) -> None:
    """Raises `CoolingDownError` for a while after the last of several holds that were abandoned close to each other."""
    if not 0 < settings.FLASH_ABANDONED_HOLDS <= scene.lapsed_holds:
        return
    last, first = scene.last_lapse_ago or 0.0, scene.first_lapse_ago or 0.0
    left = 60 * settings.FLASH_COOL_DOWN_MINUTES - last
    if left > 0 and first - last <= 60 * settings.FLASH_ABANDONED_WITHIN_MINUTES:
        seconds = whole_seconds(left)
        raise CoolingDownError(holds=scene.lapsed_holds, seconds_left=seconds, retry_after=seconds)


def _held(lapse_in: float) -> PromoHeldError:
    seconds = max(1, whole_seconds(lapse_in))
    return PromoHeldError(seconds_left=seconds, retry_after=seconds)


@transaction.atomic
def _take(*, promo_id: UUID, customer_id: UUID, scene: Scene, hold: timedelta) -> ReservationCard:
    reservation_id = uuid7()
    enter(LockRank.ACTIVE_HOLD)
    until = statements.take_hold(promo_id=promo_id, customer_id=customer_id, reservation_id=reservation_id, hold=hold)
    if until is None:
        raise _OtherRequestWonError
    enter(LockRank.PROMOTION_UNIT)
    claim = statements.claim_unit(promo_id=promo_id, customer_id=customer_id, until=until)
    if claim is None and scene.limit is not None:
        raise _OtherRequestWonError  # perhaps this customer's, and that was the last they may have: look again
    if claim is None:
        # Whoever was faster holds it from about now on; an older hold may lapse sooner.
        older = scene.lapse_in if scene.lapse_in and scene.lapse_in > 0 else hold.total_seconds()
        raise _held(min(older, hold.total_seconds()))
    reservation = Reservation.objects.create(
        id=reservation_id,
        promo_id=promo_id,
        unit_id=claim.unit_id,
        customer_id=customer_id,
        claim_no=claim.claim_no,
        expires_at=until,
    )
    if scene.is_in_line:
        WaitlistPlace.objects.open().filter(promo=promo_id, customer=customer_id).update(
            closed_at=db_now(), told_until=None
        )
    publish(UnitReserved(promo_id=promo_id, reservation_id=reservation_id, customer_id=customer_id, expires_at=until))
    return card_of(reservation, until - hold)


@transaction.atomic
def cancel_reservation(*, reservation_id: UUID, customer_id: UUID) -> ReservationCard:
    """Give the unit back before the minute is over; it is free at once. Cancelling again changes nothing.

    Later than `FLASH_FREE_GIVE_BACK_SECONDS` after it was taken, it counts as abandoned from now on.
    Raises `ReservationNotFoundError`, `ReservationCompletedError`, `ReservationLapsedError`;
    `ReservationBeingPaidError` while its order waits for money: that order is called off instead.
    """
    reservation = own_reservation(reservation_id, customer_id)
    if reservation.state == Reservation.State.CANCELLED:
        return reservation_card(reservation_id)
    free_active_hold(reservation)
    freed = still_held(reservation).update(holder=None, held_until=None, freed_at=db_now())
    if not freed:
        raise why_not(reservation)
    now = read_db_now()
    # No order waits, so nothing has moved the end since the claim.
    taken_at = reservation.expires_at - HOLD
    if now - taken_at > timedelta(seconds=settings.FLASH_FREE_GIVE_BACK_SECONDS):
        close_abandoned(reservation, now)
    else:
        Reservation.objects.filter(pk=reservation.pk).update(state=Reservation.State.CANCELLED, closed_at=now)
    publish(HoldReleased(promo_id=reservation.promo_id, reservation_id=reservation.pk, customer_id=customer_id))
    return reservation_card(reservation_id)


@transaction.atomic(savepoint=False)
def claim_sale(*, reservation_id: UUID, customer_id: UUID, order_id: UUID) -> ClaimedSale:
    """Make the held unit the customer's for good, as `order_id`, in the caller's transaction. Five queries.

    The claim's number is the fencing token: who holds an older one, or is past the minute by the database's clock,
    loses. A completed reservation answers with its order and changes nothing. Raises
    `ReservationNotFoundError`, `ReservationLapsedError`, `ReservationCancelledError`, `ReservationBeingPaidError`.
    """
    reservation = own_reservation(reservation_id, customer_id)
    if reservation.state == Reservation.State.COMPLETED:
        return sale_of(reservation)
    free_active_hold(reservation)
    sold = still_held(reservation).update(sold_at=db_now())
    if not sold:
        reservation.refresh_from_db(fields=["state", "order_id"])
        if reservation.state == Reservation.State.COMPLETED:
            return sale_of(reservation)
        raise why_not(reservation)
    close_sold(reservation, order_id)
    return sale_of(reservation)


def close_abandoned(reservation: Reservation, at: datetime) -> None:
    """The unit was given up at that moment, and cooling down counts it like a lapse then."""
    Reservation.objects.filter(pk=reservation.pk).update(
        state=Reservation.State.CANCELLED, closed_at=at, expires_at=at, is_abandoned=True
    )


def close_sold(reservation: Reservation, order_id: UUID) -> None:
    """The unit is sold: the reservation is this order now."""
    Reservation.objects.filter(pk=reservation.pk).update(
        state=Reservation.State.COMPLETED, order_id=order_id, closed_at=db_now()
    )
    publish(
        UnitSold(
            promo_id=reservation.promo_id,
            reservation_id=reservation.pk,
            customer_id=reservation.customer_id,
            order_id=order_id,
        )
    )


def own_reservation(reservation_id: UUID, customer_id: UUID) -> Reservation:
    """With its promotion; raises `ReservationNotFoundError`, also for somebody else's."""
    reservation = reservations_of(customer_id).select_related("promo").filter(pk=reservation_id).first()
    if reservation is None:
        raise ReservationNotFoundError
    return reservation


def free_active_hold(reservation: Reservation) -> bool:
    """The customer's one hold is free for another; False where it is not this reservation any more.

    Whatever else is done to the customer's holds waits for this transaction.
    """
    enter(LockRank.ACTIVE_HOLD)
    mine = ActiveHold.objects.filter(customer=reservation.customer_id, reservation_id=reservation.pk)
    return bool(mine.delete()[0])


def still_held(reservation: Reservation) -> "QuerySet[PromoUnit]":
    """The unit, if this very claim still holds it and no order of it waits for money.

    Changing it is the race; who changes the row has won.
    """
    enter(LockRank.PROMOTION_UNIT)
    unordered = Reservation.objects.filter(pk=reservation.pk, order_id__isnull=True)
    return PromoUnit.objects.filter(
        PromoUnit.OPEN,
        Exists(unordered),
        pk=reservation.unit_id,
        claim_no=reservation.claim_no,
        holder=reservation.customer_id,
        held_until__gt=db_now(),
    )


def why_not(reservation: Reservation) -> Exception:
    """Why the reservation's unit is not its holder's to buy, give back or pay for."""
    card = reservation_card(reservation.pk)
    match card.state:
        case Reservation.State.COMPLETED:
            return ReservationCompletedError()
        case Reservation.State.CANCELLED:
            return ReservationCancelledError()
        case Reservation.State.HELD if card.order_id is not None:
            return ReservationBeingPaidError()
    return ReservationLapsedError()


def sale_of(reservation: Reservation) -> ClaimedSale:
    """What was sold, and to which order before."""
    promo = reservation.promo
    return ClaimedSale(
        reservation_id=reservation.pk,
        promo_id=promo.pk,
        promo_version=promo.version,
        unit_id=reservation.unit_id,
        variant_id=promo.variant_id,
        store_id=promo.store_id,
        price=promo.promo_price,
        existing_order_id=reservation.order_id,
    )
