"""Scheduling and changing promotions: the stock set aside follows, and a refusal changes nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError, NotFoundError, StaleError
from marketplace.core.ids import uuid7
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.models import OutboxEvent
from promotions.flash.errors import PromoEndedError, PromoNotFoundError, PromoStartedError
from promotions.flash.models import FlashPromo, PromoUnit
from promotions.flash.services.claims import reserve_unit
from promotions.flash.services.planning import change_promo, end_promo, schedule_promo, withdraw_promo
from stores.facade import InsufficientStockError
from stores.models import StockItem, StockMovement

from .factories import make_customer, make_promo, make_segment, make_variant, offer_of

pytestmark = pytest.mark.django_db


def allocated(variant) -> int:
    return StockItem.objects.get(variant=variant).allocated


def later(**delta):
    return timezone.now() + timedelta(**delta)


def scheduled(variant, **terms):
    return make_promo(variant, **({"starts_at": later(hours=1), "ends_at": later(hours=2)} | terms))


def change(promo, expected_version=None, **changes):
    return change_promo(
        promo_id=promo.pk, changes=changes, actor_id=None, at=timezone.now(), expected_version=expected_version
    )


def trace(variant):
    return (
        list(FlashPromo.objects.order_by("pk").values()),
        list(PromoUnit.objects.order_by("pk").values()),
        allocated(variant),
        StockMovement.objects.count(),
        OutboxEvent.objects.count(),
        AuditEntry.objects.count(),
    )


def test_scheduling_sets_stock_aside_and_makes_the_units():
    variant = make_variant()
    segment = make_segment("vip")

    promo = scheduled(variant, units=3, segment_ids=frozenset({segment.pk}))

    assert allocated(variant) == 3
    assert list(PromoUnit.objects.values_list("number", flat=True).order_by("number")) == [1, 2, 3]
    assert list(promo.segments.all()) == [segment]
    assert (promo.latitude, promo.longitude) == (variant.store.latitude, variant.store.longitude)
    assert promo.department_id == variant.product.category.department_id
    assert not OutboxEvent.objects.filter(wire_name="promotions.flash_promo_started").exists()
    assert AuditEntry.objects.get(action="promotions.schedule_promo").object_id == str(promo.pk)


def test_one_whose_time_has_come_starts_with_its_commit():
    promo = make_promo()

    assert promo.started_at is not None
    assert OutboxEvent.objects.filter(wire_name="promotions.flash_promo_started").count() == 1


def test_a_draft_sets_nothing_aside_and_does_not_start():
    variant = make_variant()

    promo = make_promo(variant, is_active=False)

    assert promo.started_at is None
    assert allocated(variant) == 0


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"ends_at": later(hours=-1)}, "ends_at"),
        ({"starts_at": later(hours=-2), "ends_at": later(minutes=-1)}, "ends_at"),
        ({"promo_price": Money(34_901, "MXN")}, "promo_price"),
        ({"promo_price": Money(0, "MXN")}, "promo_price"),
        ({"units": 0}, "units"),
        ({"units": 10_001}, "units"),
        ({"radius_km": 0.0}, "radius_km"),
        ({"radius_km": 20_041.0}, "radius_km"),
        ({"segment_ids": frozenset({uuid7()})}, "segments"),
    ],
)
def test_bad_terms_name_their_field_and_change_nothing(terms, field):
    variant = make_variant()
    before = trace(variant)

    with pytest.raises(InvalidInputError) as refusal:
        schedule_promo(offer=offer_of(variant, **terms), actor_id=None, at=timezone.now())

    assert [error.field for error in refusal.value.field_errors] == [field]
    assert trace(variant) == before


def test_another_currency_is_refused():
    variant = make_variant()

    with pytest.raises(CurrencyMismatchError):
        make_promo(variant, promo_price=Money(100, "USD"))

    assert not FlashPromo.objects.exists()


def test_more_units_than_stock_is_refused_and_nothing_stays():
    variant = make_variant(on_hand=2)
    before = trace(variant)

    with pytest.raises(InsufficientStockError):
        make_promo(variant, units=3)

    assert trace(variant) == before


def test_an_unknown_variant_is_refused():
    variant = make_variant()
    variant.pk = uuid7()

    with pytest.raises(NotFoundError):
        make_promo(variant)


@pytest.mark.parametrize(("units", "left"), [(5, 5), (1, 1), (3, 3)])
def test_units_and_stock_follow_before_the_start(units, left):
    variant = make_variant()
    promo = scheduled(variant, units=3)

    change(promo, units=units)

    assert allocated(variant) == left
    assert PromoUnit.objects.count() == left


def test_switching_a_scheduled_one_off_and_on_moves_its_stock():
    variant = make_variant()
    promo = scheduled(variant, units=3)

    change(promo, is_active=False)
    assert allocated(variant) == 0
    change(promo, units=4)
    assert allocated(variant) == 0
    change(promo, is_active=True)

    assert allocated(variant) == 4
    assert PromoUnit.objects.count() == 4


def test_a_draft_may_change_its_variant():
    first, second = make_variant(), make_variant()
    promo = scheduled(first, is_active=False)

    promo = change(promo, variant_id=second.pk, is_active=True)

    assert (promo.variant_id, promo.store_id) == (second.pk, second.store_id)
    assert (allocated(first), allocated(second)) == (0, 1)


def test_with_stock_set_aside_the_variant_stays():
    first, second = make_variant(), make_variant()
    promo = scheduled(first)

    with pytest.raises(InvalidInputError):
        change(promo, variant_id=second.pk)

    assert (allocated(first), allocated(second)) == (1, 0)


def test_bringing_the_start_forward_starts_it():
    variant = make_variant()
    promo = scheduled(variant)

    promo = change(promo, starts_at=later(seconds=-1))

    assert promo.started_at is not None


def test_a_running_one_keeps_price_start_and_units():
    variant = make_variant()
    promo = make_promo(variant, units=2)
    before = trace(variant)

    with pytest.raises(PromoStartedError) as refusal:
        change(promo, promo_price=Money(100, "MXN"), starts_at=later(hours=-1), units=1)

    assert refusal.value.params["fields"] == ["promo_price", "starts_at", "units"]
    assert trace(variant) == before


def test_a_running_one_may_grow_and_be_paused_with_its_stock():
    variant = make_variant()
    promo = make_promo(variant, units=2)

    change(promo, units=5)
    change(promo, is_active=False)
    promo = change(promo, is_active=True)

    assert allocated(variant) == 5
    assert PromoUnit.objects.count() == 5
    assert promo.version == 4


def test_a_stale_version_is_refused():
    variant = make_variant()
    promo = scheduled(variant)
    change(promo, units=2)
    before = trace(variant)

    with pytest.raises(StaleError):
        change(promo, expected_version=1, units=3)

    assert trace(variant) == before


def test_the_same_terms_again_change_nothing():
    variant = make_variant()
    promo = scheduled(variant)
    before = trace(variant)

    change(promo, units=promo.units, radius_km=promo.radius_km)

    assert trace(variant) == before


def test_a_change_is_audited_with_what_changed_only():
    promo = scheduled(make_variant())

    change(promo, units=2)

    entry = AuditEntry.objects.get(action="promotions.change_promo")
    assert (entry.before, entry.after) == ({"units": 1}, {"units": 2})


def test_what_is_over_stays_over():
    promo = make_promo()
    end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())

    with pytest.raises(PromoEndedError):
        change(promo, ends_at=later(hours=5))
    with pytest.raises(PromoEndedError):
        end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())


def test_withdrawing_gives_everything_back():
    variant = make_variant()
    promo = scheduled(variant, units=3)

    withdraw_promo(promo_id=promo.pk, actor_id=None)

    assert allocated(variant) == 0
    assert not FlashPromo.objects.exists()
    assert not PromoUnit.objects.exists()


def test_what_started_is_not_withdrawn():
    variant = make_variant()
    promo = make_promo(variant)
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    with pytest.raises(PromoStartedError):
        withdraw_promo(promo_id=promo.pk, actor_id=None)

    assert allocated(variant) == 1


def test_unknown_promotions_are_not_found():
    for act in (
        lambda: withdraw_promo(promo_id=uuid7(), actor_id=None),
        lambda: end_promo(promo_id=uuid7(), actor_id=None, at=timezone.now()),
        lambda: change_promo(promo_id=uuid7(), changes={}, actor_id=None, at=timezone.now()),
    ):
        with pytest.raises(PromoNotFoundError):
            act()


def due(**terms):
    """Its moment has come, and the relay has not said so yet."""
    return make_promo(at=later(minutes=-20), starts_at=later(minutes=-1), **terms)


@pytest.mark.parametrize(
    "changes", [{"promo_price": Money(30_000, "MXN")}, {"units": 1}, {"starts_at": later(hours=1)}]
)
def test_a_promotion_whose_moment_has_come_has_started_even_if_nobody_said_so(changes):
    promo = due(units=2, ends_at=later(hours=2))
    for _ in range(2):
        reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    with pytest.raises(PromoStartedError):
        change(promo, **changes)
    with pytest.raises(PromoStartedError):
        withdraw_promo(promo_id=promo.pk, actor_id=None)

    assert promo.unit_rows.filter(holder__isnull=False).count() == 2


def test_pausing_at_the_first_moment_leaves_the_held_units_their_stock():
    promo = due(units=2)
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    change(promo, is_active=False)

    promo.refresh_from_db()
    assert promo.started_at is not None
    assert allocated(promo.variant) == 2
