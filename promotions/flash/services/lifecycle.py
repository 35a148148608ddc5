"""What the clock does: promotions start and end on their moment, unsold stock goes back, old holds are tidied.

Everything here is harmless twice: the relay asks each second, the sweep of each minute asks again.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.errors import DomainError
from marketplace.core.jobs import take_slot
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from promotions.events import FlashPromoEnded, FlashPromoStarted
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, WaitlistPlace
from promotions.flash.running import promos_changed
from promotions.flash.selectors import due_to_end, due_to_release, due_to_start, open_units
from promotions.flash.showing import hide_price
from stores.contracts import StockLine, StorePlace
from stores.facade import release_stock

logger = logging.getLogger(__name__)

BATCH = 200
TIDY_AFTER = timedelta(minutes=5)


def start_due_promos(*, at: datetime) -> int:
    """Publish the start of every promotion whose moment has come; how many. One indexed query when none has."""
    return _each(due_to_start(at, BATCH), lambda promo_id: start_promo(promo_id=promo_id, at=at))


def end_due_promos(*, at: datetime) -> int:
    """End every promotion past its last moment; how many. One indexed query when there is none."""
    return _each(due_to_end(at, BATCH), lambda promo_id: end_due_promo(promo_id=promo_id, at=at))


def release_due_stock() -> int:
    """Give back what promotions that are over did not sell; how many did. One indexed query when there is none."""
    return _each(due_to_release(BATCH), lambda promo_id: release_unsold(promo_id=promo_id))


def _each(promo_ids: Iterable[UUID], work: Callable[[UUID], bool]) -> int:
    done = 0
    for promo_id in promo_ids:
        try:
            done += work(promo_id)
        except DomainError:
            # One promotion that cannot go on does not keep the others waiting.
            logger.exception("promotion left as it is", extra={"promotion": str(promo_id)})
    return done


@transaction.atomic
def start_promo(*, promo_id: UUID, at: datetime) -> bool:
    """Publish the start, once in the promotion's life; False when there is nothing to start."""
    for promo in lock(LockRank.PROMOTION_UNIT, FlashPromo.objects.under_way(at).filter(pk=promo_id)):
        return start_locked_promo(promo, at)
    return False


def start_locked_promo(promo: FlashPromo, at: datetime) -> bool:
    """`start_promo` for a row the caller has locked or just made."""
    if promo.started_at is not None or not take_slot("promotions.flash.start", str(promo.pk)):
        return False
    promo.started_at = at
    FlashPromo.objects.filter(pk=promo.pk).update(started_at=at)
    publish(
        FlashPromoStarted(
            promo_id=promo.pk,
            store_id=promo.store_id,
            variant_id=promo.variant_id,
            units=promo.units,
            starts_at=promo.starts_at,
            ends_at=promo.ends_at,
        )
    )
    return True


@transaction.atomic
def end_due_promo(*, promo_id: UUID, at: datetime) -> bool:
    """End a promotion past its last moment; False when it is not, or ended before."""
    due = FlashPromo.objects.filter(pk=promo_id, ended_at__isnull=True, ends_at__lte=at)
    return any(end_locked_promo(promo, at, reason="time") for promo in lock(LockRank.PROMOTION_UNIT, due))


@transaction.atomic
def end_sold_out_promo(*, promo_id: UUID, at: datetime) -> bool:
    """End a promotion of which nothing is left; False while something is."""
    running = FlashPromo.objects.filter(pk=promo_id, ended_at__isnull=True)
    for promo in lock(LockRank.PROMOTION_UNIT, running):
        if open_units(promo_id) == 0:
            return end_locked_promo(promo, at, reason="sold_out")
    return False


def end_locked_promo(promo: FlashPromo, at: datetime, *, reason: str) -> bool:
    """End a row the caller has locked. The fact is published once, and only of what had started."""
    if promo.ended_at is not None or not take_slot("promotions.flash.end", str(promo.pk)):
        return False
    promo.ended_at = at
    FlashPromo.objects.filter(pk=promo.pk).update(ended_at=at, updated_at=db_now())
    hide_price(promo.pk)
    WaitlistPlace.objects.open().filter(promo=promo).update(closed_at=at, told_until=None)
    if promo.started_at is not None:
        publish(
            FlashPromoEnded(
                promo_id=promo.pk,
                store_id=promo.store_id,
                variant_id=promo.variant_id,
                reason=reason,
                ended_at=at,
            )
        )
    promos_changed()
    return True


@transaction.atomic
def release_unsold(*, promo_id: UUID) -> bool:
    """Give the unsold units of a promotion that is over back to the shelf, once; False while one is still held.

    Marking the unit rows under their locks is what makes it safe: a claim or a sale that was on its way finds them
    neither open nor free.
    """
    over = FlashPromo.objects.filter(pk=promo_id, ended_at__isnull=False, stock_reserved_at__isnull=False)
    for promo in lock(LockRank.PROMOTION_UNIT, over):
        units = lock(LockRank.PROMOTION_UNIT, PromoUnit.objects.filter(PromoUnit.OPEN, promo=promo))
        now = read_db_now()
        if any(unit.held_until is not None and unit.held_until > now for unit in units):
            return False
        PromoUnit.objects.filter(PromoUnit.OPEN, promo=promo).update(released_at=now, holder=None, held_until=None)
        FlashPromo.objects.filter(pk=promo.pk).update(stock_reserved_at=None, units_returned=len(units))
        if units:
            release_stock(
                lines=[StockLine(variant_id=promo.variant_id, store_id=promo.store_id, quantity=len(units))],
                idem_key=f"flash:{promo.pk}:unsold",
                cause=f"flash_promo:{promo.pk}",
                actor_id=None,
            )
        return True
    return False


@transaction.atomic
def clean_up_expired() -> int:
    """Tidy holds that lapsed a while ago; how many units. Nothing depends on it: a lapsed hold is free by the clock."""
    long_past = db_now() - TIDY_AFTER
    ActiveHold.objects.filter(until__lt=long_past).delete()
    return PromoUnit.objects.filter(PromoUnit.OPEN, held_until__lt=long_past).update(
        holder=None, held_until=None, freed_at=F("held_until")
    )


@transaction.atomic
def move_promos_of_store(*, place: StorePlace) -> int:
    """Follow a store to its new coordinates; how many promotions moved with it."""
    promos = FlashPromo.objects.filter(store=place.store_id, ended_at__isnull=True)
    moved = promos.exclude(latitude=place.latitude, longitude=place.longitude).update(
        latitude=place.latitude, longitude=place.longitude, updated_at=db_now()
    )
    if moved:
        promos_changed()
    return moved


@transaction.atomic
def reread_promos_of_store(*, store_id: UUID) -> int:
    """Have every process look again at a store's promotions: whether it sells has changed. How many there are."""
    touched = FlashPromo.objects.filter(store=store_id, ended_at__isnull=True).update(updated_at=db_now())
    if touched:
        promos_changed()
    return touched
