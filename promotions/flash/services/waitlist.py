"""The queue for units: joining, leaving, and telling those next in line that a unit is free.

A place is a notice, not a right: whoever claims first has the unit. The promotion's row is the lock of its queue.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from promotions.events import UnitFreed
from promotions.flash.errors import PromoNotFoundError, PromoNotRunningError, UnitHeldAlreadyError
from promotions.flash.models import FlashPromo, PromoUnit, WaitlistPlace
from promotions.flash.selectors import (
    FreeUnit,
    PlaceCard,
    free_units,
    place_card,
    promos_to_tell,
    still_free,
)
from promotions.flash.services.claims import look, refuse_buyer

BATCH = 200


@dataclass(frozen=True, slots=True)
class Joined:
    """A place in the queue; not new when the customer was in it already."""

    card: PlaceCard
    is_new: bool


@transaction.atomic
def join_waitlist(*, promo_id: UUID, customer_id: UUID) -> Joined:
    """Put the customer at the end of the promotion's queue; joining again changes nothing.

    Raises `PromoNotFoundError`, `PromoSoldOutError`, `PromoNotRunningError`, `NotEligibleError`,
    `PromoLimitReachedError`, `UnitHeldAlreadyError`.
    """
    scene = look(promo_id=promo_id, customer_id=customer_id)
    if scene is None:
        raise PromoNotFoundError
    refuse_buyer(scene)
    if scene.hold_promo_id == promo_id:
        raise UnitHeldAlreadyError
    # Its end closes every place, under the same lock: nobody joins behind its back.
    now = read_db_now()
    running = lock(LockRank.PROMOTION_UNIT, FlashPromo.objects.under_way(now).filter(pk=promo_id))
    if not running:
        raise PromoNotRunningError
    _place, is_new = WaitlistPlace.objects.get_or_create(
        promo_id=promo_id, customer=customer_id, closed_at=None, defaults={"joined_at": now, "turn_at": now}
    )
    if not running[0].has_waitlist:
        FlashPromo.objects.filter(pk=promo_id).update(has_waitlist=True)
    return Joined(place_card(promo_id=promo_id, customer_id=customer_id), is_new=is_new)


@transaction.atomic
def leave_waitlist(*, promo_id: UUID, customer_id: UUID) -> bool:
    """Give the place up; whether there was one. Harmless twice."""
    mine = WaitlistPlace.objects.open().filter(promo=promo_id, customer=customer_id)
    return bool(mine.update(closed_at=db_now(), told_until=None))


def tell_due_promos(*, at: datetime) -> int:
    """Tell those next in line wherever a unit is free; how many. One indexed query when nobody is to be told."""
    return sum(tell_next(promo_id=promo_id) for promo_id in promos_to_tell(at, BATCH))


@transaction.atomic
def tell_next(*, promo_id: UUID) -> int:
    """Tell the next in line of each free unit that nobody is told of now; how many. Harmless twice, also at once.

    Nobody is told again before another unit has come free, and before `FLASH_WAITLIST_PAUSE_SECONDS` are over:
    whoever reserves and gives back in a loop must not wake the first in line each time.
    """
    now = read_db_now()
    waited_for = FlashPromo.objects.under_way(now).filter(pk=promo_id, has_waitlist=True)
    if not lock(LockRank.PROMOTION_UNIT, waited_for):
        return 0
    told_of = _settle_notices(promo_id, now)
    units = [unit for unit in free_units(promo_id, BATCH) if unit.freeing not in told_of]
    told = 0
    for place in _next_in_line(promo_id, units, now):
        if place.told_at is not None and place.told_at >= units[told].freed_at:
            continue
        _tell(place, units[told])
        told += 1
    return told


def _settle_notices(promo_id: UUID, now: datetime) -> set[tuple[int, int]]:
    """End the notices whose time is over or whose unit is gone; the freed units that somebody is told of still."""
    notices = WaitlistPlace.objects.open().filter(promo=promo_id, told_until__isnull=False)
    places = list(notices)
    freeings = still_free(place.told_unit_id for place in places) if places else set()
    current = set()
    for place in places:
        freeing = (place.told_unit_id or 0, place.told_claim_no or 0)
        if freeing in freeings and place.told_until is not None and place.told_until > now:
            current.add(freeing)
            continue
        # Somebody was faster: the place stays. Nobody was, and the customer did not come: to the end of the line.
        turn_at = now if freeing in freeings else place.turn_at
        WaitlistPlace.objects.filter(pk=place.pk).update(told_until=None, turn_at=turn_at)
    return current


def _next_in_line(promo_id: UUID, units: list[FreeUnit], now: datetime) -> list[WaitlistPlace]:
    if not units:
        return []
    told_before = min(units[0].freed_at, now - timedelta(seconds=settings.FLASH_WAITLIST_PAUSE_SECONDS))
    holds_one = PromoUnit.objects.filter(
        PromoUnit.OPEN, promo=promo_id, holder=OuterRef("customer"), held_until__gt=db_now()
    )
    waiting = WaitlistPlace.objects.open().filter(
        Q(told_at__isnull=True) | Q(told_at__lt=told_before), ~Exists(holds_one), promo=promo_id, told_until=None
    )
    return list(waiting.in_line()[: len(units)])


def _tell(place: WaitlistPlace, unit: FreeUnit) -> None:
    now = read_db_now()
    until = now + timedelta(seconds=settings.FLASH_WAITLIST_SECONDS)
    told = {"told_at": now, "told_until": until, "told_unit_id": unit.unit_id, "told_claim_no": unit.claim_no}
    if WaitlistPlace.objects.open().filter(pk=place.pk).update(**told):
        publish(UnitFreed(promo_id=place.promo_id, customer_id=place.customer, until=until))
