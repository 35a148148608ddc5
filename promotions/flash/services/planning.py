"""What is offered: scheduling, changing, withdrawing a promotion, and the stock set aside for it."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.clock import read_db_now
from marketplace.core.errors import FieldError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import CurrencyMismatchError, Money
from promotions.flash.errors import PromoEndedError, PromoNotFoundError, PromoStartedError
from promotions.flash.models import FlashPromo, PromoUnit
from promotions.flash.running import promo_removed, promos_changed
from promotions.flash.services.lifecycle import end_locked_promo, start_locked_promo
from promotions.flash.showing import hide_price, show_price
from stores.contracts import StockLine, VariantCard
from stores.facade import release_stock, reserve_stock, variant_card

MAX_UNITS = 10_000
MIN_RADIUS_KM, MAX_RADIUS_KM = 0.01, 20_040.0
_FROZEN_AT_START = ("promo_price", "starts_at")


@dataclass(frozen=True, slots=True)
class Offer:
    """The terms of a promotion, as its makers state them. `radius_km` in kilometres, none for everywhere;
    `units_per_customer` none for no limit."""

    variant_id: UUID
    promo_price: Money
    starts_at: datetime
    ends_at: datetime
    segment_ids: frozenset[UUID] = frozenset()
    radius_km: float | None = 2.0
    units: int = 1
    is_active: bool = True
    units_per_customer: int | None = None


@transaction.atomic
def schedule_promo(*, offer: Offer, actor_id: UUID | None, at: datetime) -> FlashPromo:
    """Make a promotion with its unit rows and, when it is active, set its stock aside. One whose time has come starts.

    Raises `InvalidInputError`, `CurrencyMismatchError`, what `stores.facade` raises for an unknown variant or too
    little stock; nothing is then left behind.
    """
    variant = variant_card(offer.variant_id)
    _check(offer, variant, at)
    promo = FlashPromo.objects.create(**_columns(offer, variant))
    promo.segments.set(cast(Any, offer.segment_ids))
    _add_units(promo, first=1)
    _show(promo.pk, offer)
    if promo.is_active:
        _set_aside(promo, actor_id, at)
    audit.record(actor_id=actor_id, action="promotions.schedule_promo", subject=promo, after=_said(offer))
    if promo.is_active and promo.starts_at <= at:
        start_locked_promo(promo, at)
    promos_changed()
    return promo


@transaction.atomic
def change_promo(
    *,
    promo_id: UUID,
    changes: Mapping[str, Any],
    actor_id: UUID | None,
    at: datetime,
    expected_version: int | None = None,
) -> FlashPromo:
    """Change some of the terms (`Offer`'s names); the stock set aside follows.

    The variant can change while it is a draft. Once it has started, the price and the start stay, units can only be
    added, and it may be paused: who holds a unit then still has the minute, also under a lower `units_per_customer`.
    Raises `PromoNotFoundError`, `StaleError`, `PromoEndedError`, `PromoStartedError` (with `fields`), and what
    `schedule_promo` raises.
    """
    promo = _locked(promo_id, expected_version)
    _start_if_due(promo)
    before = _offer_of(promo)
    offer = replace(before, **changes)
    if offer == before:
        return promo
    if promo.ended_at is not None or promo.ends_at <= at:
        raise PromoEndedError
    _refuse_frozen(promo, before, offer)
    variant = variant_card(offer.variant_id)
    _check(offer, variant, at)
    _show(promo.pk, offer)
    _give_back(promo, offer, actor_id)
    compare_and_set(promo, promo.version, **_columns(offer, variant))
    promo.segments.set(cast(Any, offer.segment_ids))
    _resize(promo, before.units)
    if promo.is_active or promo.started_at is not None:
        _set_aside_more(promo, before, actor_id, at)
    _record_change(promo, before, offer, actor_id)
    if promo.is_active and promo.started_at is None and promo.starts_at <= at:
        start_locked_promo(promo, at)
    promos_changed()
    return promo


@transaction.atomic
def end_promo(
    *, promo_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> FlashPromo:
    """End it now, for good. Who holds a unit still has the minute; then the unsold stock goes back.

    Raises `PromoNotFoundError`, `StaleError`, `PromoEndedError`.
    """
    promo = _locked(promo_id, expected_version)
    if promo.ended_at is not None or promo.ends_at <= at:
        raise PromoEndedError
    end_locked_promo(promo, at, reason="staff")
    audit.record(actor_id=actor_id, action="promotions.end_promo", subject=promo)
    return promo


@transaction.atomic
def withdraw_promo(*, promo_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Remove a promotion that never started; its stock goes back. Raises `PromoNotFoundError`, `StaleError`,
    `PromoStartedError`: what customers have seen is ended, not removed."""
    promo = _locked(promo_id, expected_version)
    if promo.started_at is not None or _is_due(promo, read_db_now()):
        raise PromoStartedError(fields=())
    hide_price(promo.pk)
    _give_back(promo, None, actor_id)
    audit.record(actor_id=actor_id, action="promotions.withdraw_promo", subject=promo, before=_said(_offer_of(promo)))
    promo.delete()
    promo_removed()


def _locked(promo_id: UUID, expected_version: int | None) -> FlashPromo:
    rows = lock(LockRank.PROMOTION_UNIT, FlashPromo.objects.filter(pk=promo_id))
    if not rows:
        raise PromoNotFoundError
    if expected_version not in {None, rows[0].version}:
        raise StaleError
    return rows[0]


def _is_due(promo: FlashPromo, now: datetime) -> bool:
    """Whether customers can have claimed units, although nobody has published the start yet."""
    return promo.is_active and promo.starts_at <= now


def _start_if_due(promo: FlashPromo) -> None:
    """The claim goes by the database's clock, not by the relay: at its moment a promotion has started."""
    now = read_db_now()
    if promo.ended_at is None and _is_due(promo, now) and now < promo.ends_at:
        start_locked_promo(promo, now)


def _check(offer: Offer, variant: VariantCard, at: datetime) -> None:
    if offer.promo_price.currency != variant.price.currency:
        raise CurrencyMismatchError(left=offer.promo_price.currency, right=variant.price.currency)
    errors = []
    if offer.promo_price > variant.price:
        errors.append(_wrong("promo_price", gettext_noop("A promotional price is not above the usual price.")))
    if offer.promo_price.minor <= 0:
        errors.append(_wrong("promo_price", gettext_noop("The price must be more than zero.")))
    if offer.ends_at <= offer.starts_at:
        errors.append(_wrong("ends_at", gettext_noop("The end must come after the start.")))
    elif offer.ends_at <= at:
        errors.append(_wrong("ends_at", gettext_noop("The end must lie in the future.")))
    if not 1 <= offer.units <= MAX_UNITS:
        errors.append(_wrong("units", gettext_noop("Offer 1 to 10,000 units.")))
    if offer.units_per_customer is not None and not 1 <= offer.units_per_customer <= MAX_UNITS:
        detail = gettext_noop("Allow each customer 1 to 10,000 units, or leave it empty.")
        errors.append(_wrong("units_per_customer", detail))
    if offer.radius_km is not None and not MIN_RADIUS_KM <= offer.radius_km <= MAX_RADIUS_KM:
        errors.append(_wrong("radius_km", gettext_noop("Give a radius from 0.01 to 20,040 km, or none.")))
    if not _all_known(offer.segment_ids):
        errors.append(_wrong("segments", gettext_noop("There is no such segment.")))
    if errors:
        raise InvalidInputError(errors)


def _wrong(field: str, detail: str) -> FieldError:
    return FieldError(field, "invalid", detail)


def _all_known(segment_ids: Collection[UUID]) -> bool:
    segments = FlashPromo.segments.rel.model._default_manager
    return not segment_ids or segments.filter(pk__in=segment_ids).count() == len(segment_ids)


def _refuse_frozen(promo: FlashPromo, before: Offer, after: Offer) -> None:
    if promo.stock_reserved_at is not None and after.variant_id != before.variant_id:
        detail = gettext_noop("Stock is set aside for this variant; make it a draft first.")
        raise InvalidInputError.of("variant", "invalid", detail)
    if promo.started_at is None:
        return
    touched = [name for name in _FROZEN_AT_START if getattr(before, name) != getattr(after, name)]
    if before.variant_id != after.variant_id:
        touched.append("variant")
    if after.units < before.units:
        touched.append("units")
    if touched:
        raise PromoStartedError(fields=touched)


def _show(promo_id: UUID, offer: Offer) -> None:
    show_price(
        promo_id,
        variant_id=offer.variant_id,
        price=offer.promo_price,
        starts_at=offer.starts_at,
        ends_at=offer.ends_at,
        is_active=offer.is_active,
    )


def _columns(offer: Offer, variant: VariantCard) -> dict[str, Any]:
    return {
        "store_id": variant.store_id,
        "variant_id": offer.variant_id,
        "department_id": variant.department_id,
        "latitude": variant.latitude,
        "longitude": variant.longitude,
        "promo_price_minor": offer.promo_price.minor,
        "currency": offer.promo_price.currency,
        "starts_at": offer.starts_at,
        "ends_at": offer.ends_at,
        "radius_km": offer.radius_km,
        "units": offer.units,
        "is_active": offer.is_active,
        "units_per_customer": offer.units_per_customer,
    }


def _offer_of(promo: FlashPromo) -> Offer:
    return Offer(
        variant_id=promo.variant_id,
        promo_price=promo.promo_price,
        starts_at=promo.starts_at,
        ends_at=promo.ends_at,
        segment_ids=frozenset(promo.segments.values_list("pk", flat=True)),
        radius_km=promo.radius_km,
        units=promo.units,
        is_active=promo.is_active,
        units_per_customer=promo.units_per_customer,
    )


def _said(offer: Offer) -> dict[str, Any]:
    values = asdict(offer)
    return {
        **values,
        "promo_price": str(offer.promo_price),
        "segment_ids": sorted(str(pk) for pk in offer.segment_ids),
    }


def _record_change(promo: FlashPromo, before: Offer, after: Offer, actor_id: UUID | None) -> None:
    old, new = _said(before), _said(after)
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.change_promo",
        subject=promo,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )


def _add_units(promo: FlashPromo, first: int) -> None:
    now = read_db_now()
    PromoUnit.objects.bulk_create(
        (PromoUnit(promo=promo, number=number, freed_at=now) for number in range(first, promo.units + 1)),
        batch_size=1_000,
    )


def _resize(promo: FlashPromo, before: int) -> None:
    if promo.units > before:
        _add_units(promo, first=before + 1)
    elif promo.units < before:
        PromoUnit.objects.filter(promo=promo, number__gt=promo.units).delete()


def _stock_line(promo: FlashPromo, quantity: int) -> list[StockLine]:
    return [StockLine(variant_id=promo.variant_id, store_id=promo.store_id, quantity=quantity)]


def _stock_words(promo: FlashPromo, verb: str, actor_id: UUID | None) -> dict[str, Any]:
    # Each version of a promotion sets aside and gives back at most once.
    return {
        "idem_key": f"flash:{promo.pk}:{promo.version}:{verb}",
        "cause": f"flash_promo:{promo.pk}",
        "actor_id": actor_id,
    }


def _set_aside(promo: FlashPromo, actor_id: UUID | None, at: datetime) -> None:
    reserve_stock(lines=_stock_line(promo, promo.units), **_stock_words(promo, "reserve", actor_id))
    FlashPromo.objects.filter(pk=promo.pk).update(stock_reserved_at=at)
    promo.stock_reserved_at = at


def _set_aside_more(promo: FlashPromo, before: Offer, actor_id: UUID | None, at: datetime) -> None:
    if promo.stock_reserved_at is None:
        _set_aside(promo, actor_id, at)
    elif promo.units > before.units:
        more = promo.units - before.units
        reserve_stock(lines=_stock_line(promo, more), **_stock_words(promo, "reserve", actor_id))


def _give_back(promo: FlashPromo, offer: Offer | None, actor_id: UUID | None) -> None:
    """Of a promotion that never started: what it offers less, or all of it when it is withdrawn or switched off."""
    if promo.stock_reserved_at is None or promo.started_at is not None:
        return
    keeps = offer.units if offer is not None and offer.is_active else 0
    surplus = max(0, promo.units - keeps)
    if surplus:
        release_stock(lines=_stock_line(promo, surplus), **_stock_words(promo, "release", actor_id))
    if not keeps:
        FlashPromo.objects.filter(pk=promo.pk).update(stock_reserved_at=None)
        promo.stock_reserved_at = None
