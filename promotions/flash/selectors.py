"""Reads over promotions and reservations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from marketplace.core import access
from marketplace.core.access import Reach
from marketplace.core.clock import db_now
from marketplace.core.errors import DomainError
from promotions.contracts import AudienceRule, PromoCard, ReservationCard, ReservedUnit

from .errors import (
    NotInLineError,
    PromoNotFoundError,
    ReservationCancelledError,
    ReservationCompletedError,
    ReservationLapsedError,
    ReservationNotFoundError,
)
from .models import FlashPromo, FlashPromoQuerySet, PromoUnit, Reservation, WaitlistPlace
from .state import reservation_state, seconds_left


def promos_for_show() -> FlashPromoQuerySet:
    """Promotions with everything the API shows of them, in one query and one for the segments."""
    return FlashPromo.objects.with_names().with_units_left().prefetch_related("segments")


def visible_promos(where: Reach) -> FlashPromoQuerySet:
    """What is announced to anybody, and everything within reach, drafts included."""
    if where.is_empty:
        return promos_for_show().announced()
    mine = promos_within(FlashPromo.objects.all(), where)
    return promos_for_show().filter(Q(is_active=True) | Q(pk__in=mine.values("pk")))


def promos_within(promos: FlashPromoQuerySet, where: Reach) -> FlashPromoQuerySet:
    """Only those of the departments and stores within reach."""
    rows = access.within(promos, where, department_path="department_id", store_path="store_id")
    return cast(FlashPromoQuerySet, rows)


def promoted_variants(variant_ids: Iterable[UUID], at: datetime) -> frozenset[UUID]:
    """Those of the variants that have a promotion now or to come."""
    waiting = FlashPromo.objects.filter(variant__in=set(variant_ids), ended_at__isnull=True, ends_at__gt=at)
    return frozenset(waiting.values_list("variant_id", flat=True))


def open_units(promo_id: UUID) -> int:
    """Units neither sold nor given back."""
    return PromoUnit.objects.filter(PromoUnit.OPEN, promo=promo_id).count()


def reservations_of(customer_id: UUID) -> "QuerySet[Reservation]":
    """The customer's reservations, each with `read_at`, the database's clock as they were read."""
    return reservations_for_show().filter(customer=customer_id)


def reservations_for_show() -> "QuerySet[Reservation]":
    """All of them, each with `read_at`."""
    return Reservation.objects.annotate(read_at=db_now())


def card_of(reservation: Reservation, at: datetime) -> ReservationCard:
    """A reservation as it stands at `at` (the database's clock)."""
    state = reservation_state(reservation, at=at)
    return ReservationCard(
        reservation_id=reservation.pk,
        promo_id=reservation.promo_id,
        customer_id=reservation.customer_id,
        state=state,
        expires_at=reservation.expires_at,
        seconds_left=seconds_left(reservation.expires_at, at=at) if state == Reservation.State.HELD else 0,
        order_id=reservation.order_id,
        created_at=reservation.created_at,
    )


def card_as_read(reservation: Any) -> ReservationCard:
    """A row of `reservations_of` as it stood when it was read."""
    return card_of(reservation, reservation.read_at)


def reservation_card(reservation_id: UUID) -> ReservationCard:
    """The reservation by the database's clock. Raises `ReservationNotFoundError`."""
    reservation = reservations_for_show().filter(pk=reservation_id).first()
    if reservation is None:
        raise ReservationNotFoundError
    return card_as_read(reservation)


def reserved_units(reservation_ids: Iterable[UUID]) -> dict[UUID, ReservedUnit]:
    """What each reservation gives and where it stands, in one query; unknown ids are left out."""
    rows: Any = reservations_for_show().select_related("promo").filter(pk__in=set(reservation_ids))
    return {row.pk: unit_of(row, row.read_at) for row in rows}


def held_unit(reservation_id: UUID, customer_id: UUID) -> ReservedUnit:
    """The unit that the customer holds.

    Raises `ReservationNotFoundError` (also for somebody else's), `ReservationLapsedError`,
    `ReservationCancelledError`, `ReservationCompletedError`.
    """
    unit = reserved_units([reservation_id]).get(reservation_id)
    if unit is None or unit.customer_id != customer_id:
        raise ReservationNotFoundError
    refusals: dict[str, type[DomainError]] = {
        Reservation.State.LAPSED.value: ReservationLapsedError,
        Reservation.State.CANCELLED.value: ReservationCancelledError,
        Reservation.State.COMPLETED.value: ReservationCompletedError,
    }
    if unit.state in refusals:
        raise refusals[unit.state]
    return unit


def unit_of(reservation: Reservation, at: datetime) -> ReservedUnit:
    """What the reservation gives, as it stands at `at` (the database's clock); its promotion is read along."""
    card, promo = card_of(reservation, at), reservation.promo
    return ReservedUnit(
        reservation_id=card.reservation_id,
        promo_id=card.promo_id,
        promo_version=promo.version,
        customer_id=card.customer_id,
        variant_id=promo.variant_id,
        store_id=promo.store_id,
        price=promo.promo_price,
        state=card.state,
        expires_at=card.expires_at,
        seconds_left=card.seconds_left,
    )


def promo_audience_rule(promo_id: UUID) -> AudienceRule:
    """Who may take the promotion, for telling them. Raises `PromoNotFoundError`."""
    promo = FlashPromo.objects.filter(pk=promo_id).first()
    if promo is None:
        raise PromoNotFoundError
    segment_ids = FlashPromo.segments.through._default_manager.filter(flashpromo_id=promo_id)
    return AudienceRule(
        latitude=promo.latitude,
        longitude=promo.longitude,
        radius_km=promo.radius_km,
        segment_ids=frozenset(segment_ids.values_list("segment_id", flat=True)),
        ends_at=promo.ends_at,
    )


def promo_card(promo_id: UUID) -> PromoCard:
    """What a message about the promotion says. Raises `PromoNotFoundError`."""
    promo = FlashPromo.objects.with_names().filter(pk=promo_id).first()
    if promo is None:
        raise PromoNotFoundError
    return PromoCard(
        promo_id=promo.pk,
        store_id=promo.store_id,
        store_name=promo.store.name,
        variant_id=promo.variant_id,
        product_id=promo.variant.product_id,
        product_name=promo.variant.product.name,
        price=promo.promo_price,
        list_price=promo.variant.price,
        units=promo.units,
        starts_at=promo.starts_at,
        ends_at=promo.ends_at,
        latitude=promo.latitude,
        longitude=promo.longitude,
    )


def promo_title(promo_id: UUID) -> str:
    """The product's name. Raises `PromoNotFoundError`."""
    return promo_card(promo_id).product_name


def due_to_start(at: datetime, limit: int) -> Iterable[UUID]:
    """Promotions whose beginning is not published yet although its moment has come."""
    rows = FlashPromo.objects.filter(
        started_at__isnull=True, is_active=True, ended_at__isnull=True, starts_at__lte=at, ends_at__gt=at
    )
    return list(rows.order_by("starts_at").values_list("pk", flat=True)[:limit])


def due_to_end(at: datetime, limit: int) -> Iterable[UUID]:
    """Promotions past their last moment that are not ended yet."""
    rows = FlashPromo.objects.filter(ended_at__isnull=True, ends_at__lte=at)
    return list(rows.order_by("ends_at").values_list("pk", flat=True)[:limit])


def due_to_release(limit: int) -> Iterable[UUID]:
    """Promotions that are over, with unsold stock still set aside."""
    rows = FlashPromo.objects.filter(ended_at__isnull=False, stock_reserved_at__isnull=False)
    return list(rows.order_by("ended_at").values_list("pk", flat=True)[:limit])


def count_running(at: datetime) -> int:
    """Promotions that can be taken at that moment."""
    open_unit = PromoUnit.objects.filter(PromoUnit.OPEN, promo=OuterRef("pk"))
    return FlashPromo.objects.under_way(at).filter(Exists(open_unit)).count()


def count_scheduled(at: datetime) -> int:
    """Promotions announced and still to come."""
    return FlashPromo.objects.announced().filter(ended_at__isnull=True, starts_at__gt=at).count()


def count_units_sold(since: datetime) -> int:
    """Units bought since then."""
    return PromoUnit.objects.filter(sold_at__gte=since).count()


def count_reservations(at: datetime, period: timedelta) -> tuple[int, int]:
    """Reservations of the period before `at`: how many there were, how many of them were bought."""
    rows = Reservation.objects.filter(created_at__gt=at - period, created_at__lte=at)
    return rows.count(), rows.filter(state=Reservation.State.COMPLETED).count()


def held_units() -> int:
    """Units in somebody's minute now, by the database's clock."""
    return PromoUnit.objects.filter(PromoUnit.OPEN, held_until__gt=db_now()).count()


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """A customer's place in a queue. `people_before` wait in front; both are none once it is closed."""

    promo_id: UUID
    state: str
    people_before: int | None
    joined_at: datetime
    told_until: datetime | None
    seconds_left: int

    @property
    def position(self) -> int | None:
        """1 is the next to be told."""
        return None if self.people_before is None else self.people_before + 1


def place_card(*, promo_id: UUID, customer_id: UUID) -> PlaceCard:
    """Where the customer stands in the promotion's queue, in one query. Raises `NotInLineError`."""
    before = Q(turn_at__lt=OuterRef("turn_at")) | Q(turn_at=OuterRef("turn_at"), pk__lt=OuterRef("pk"))
    in_front = WaitlistPlace.objects.open().filter(before, promo=OuterRef("promo")).order_by()
    count = in_front.values("promo").annotate(people=Count("pk")).values("people")
    mine: Any = WaitlistPlace.objects.filter(promo=promo_id, customer=customer_id).order_by("-pk")
    place = mine.annotate(people_before=Coalesce(Subquery(count), 0), read_at=db_now()).first()
    if place is None:
        raise NotInLineError
    is_told = place.closed_at is None and place.told_until is not None and place.told_until > place.read_at
    state = WaitlistPlace.State.TOLD if is_told else WaitlistPlace.State.WAITING
    return PlaceCard(
        promo_id=promo_id,
        state=(WaitlistPlace.State.CLOSED if place.closed_at else state).value,
        people_before=None if place.closed_at else place.people_before,
        joined_at=place.joined_at,
        told_until=place.told_until if is_told else None,
        seconds_left=seconds_left(place.told_until, at=place.read_at) if is_told else 0,
    )


@dataclass(frozen=True, slots=True)
class FreeUnit:
    """A unit that nobody holds, and since when. Its claims so far tell this time from the times before."""

    unit_id: int
    claim_no: int
    freed_at: datetime

    @property
    def freeing(self) -> tuple[int, int]:
        """What a notice is about."""
        return self.unit_id, self.claim_no


_FREED_AT = Coalesce(F("held_until"), F("freed_at"), F("promo__starts_at"))


def _free() -> "QuerySet[PromoUnit]":
    return PromoUnit.objects.filter(PromoUnit.OPEN, Q(held_until__isnull=True) | Q(held_until__lte=db_now()))


def free_units(promo_id: UUID, limit: int) -> list[FreeUnit]:
    """Units that nobody holds by the database's clock; what came free last comes first."""
    rows: Any = _free().filter(promo=promo_id).annotate(free_since=_FREED_AT).order_by("-free_since", "pk")
    return [FreeUnit(*row) for row in rows.values_list("pk", "claim_no", "free_since")[:limit]]


def still_free(unit_ids: Iterable[int | None]) -> set[tuple[int, int]]:
    """Those of the units that nobody holds, each with its claims so far."""
    return set(_free().filter(pk__in=list(unit_ids)).values_list("pk", "claim_no"))


def promos_to_tell(at: datetime, limit: int) -> Iterable[UUID]:
    """Running promotions with a free unit and somebody in line who is to be told, or was told long enough ago."""
    free = _free().filter(promo=OuterRef("pk"))
    newest = free.order_by().values("promo").annotate(last=Max(_FREED_AT)).values("last")
    rested = db_now() - timedelta(seconds=settings.FLASH_WAITLIST_PAUSE_SECONDS)
    told_of_others = Q(told_at__lt=OuterRef("freed_last")) & Q(told_at__lt=rested)
    waiting = WaitlistPlace.objects.open().filter(
        Q(told_at__isnull=True) | Q(told_until__lte=db_now()) | told_of_others,
        promo=OuterRef("pk"),
    )
    promos = FlashPromo.objects.under_way(at).filter(Exists(free), has_waitlist=True)
    to_tell = promos.annotate(freed_last=Subquery(newest)).filter(Exists(waiting)).order_by("ends_at")
    return list(to_tell.values_list("pk", flat=True)[:limit])
