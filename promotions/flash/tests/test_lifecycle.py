"""Starts, ends, stock that goes back, tidying: on their moment, once, and harmless again."""

from copy import copy
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from marketplace.core import erasure, moments
from marketplace.core.clock import read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from promotions import facade
from promotions.flash import tasks
from promotions.flash.errors import PromoNotFoundError, ReservationInProgressError, ReservationNotFoundError
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit
from promotions.flash.services.claims import claim_sale, reserve_unit
from promotions.flash.services.lifecycle import (
    clean_up_expired,
    end_due_promos,
    release_due_stock,
    start_due_promos,
)
from promotions.flash.services.planning import end_promo
from promotions.flash.state import in_state, promo_state
from stores.events import StoreMoved, StoreStateChanged
from stores.facade import sell_reserved_unit
from stores.models import StockItem

from .factories import let_lapse, make_customer, make_promo, make_segment, make_variant

pytestmark = pytest.mark.django_db


def published(name: str) -> list[dict[str, object]]:
    rows = OutboxEvent.objects.filter(wire_name=f"promotions.{name}").order_by("pk")
    return list(rows.values_list("payload", flat=True))


def later(**delta):
    return timezone.now() + timedelta(**delta)


def stock(variant):
    return StockItem.objects.get(variant=variant)


def buy(promo, customer=None):
    customer = customer or make_customer()
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    with transaction.atomic():
        claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())
        sell_reserved_unit(variant_id=promo.variant_id, store_id=promo.store_id, idem_key=str(card.reservation_id))


def test_a_start_is_published_on_its_moment_and_once():
    starts_at = later(minutes=1)
    promo = make_promo(starts_at=starts_at, ends_at=later(hours=1))

    assert start_due_promos(at=starts_at - timedelta(microseconds=1)) == 0
    assert start_due_promos(at=starts_at) == 1
    assert start_due_promos(at=starts_at) == 0
    FlashPromo.objects.update(started_at=None)  # a replay that forgot
    assert start_due_promos(at=starts_at) == 0

    [started] = published("flash_promo_started")
    assert started["promo_id"] == str(promo.pk)


def test_looking_for_what_is_due_costs_one_query_each(django_assert_num_queries):
    make_promo()

    with django_assert_num_queries(3):
        start_due_promos(at=timezone.now())
        end_due_promos(at=timezone.now())
        release_due_stock()


def test_drafts_do_not_start():
    make_promo(is_active=False)

    assert start_due_promos(at=timezone.now()) == 0


def test_at_the_end_unsold_stock_goes_back_once():
    variant = make_variant(on_hand=10)
    promo = make_promo(variant, units=3)
    buy(promo)
    at = promo.ends_at

    assert end_due_promos(at=at) == 1
    assert end_due_promos(at=at) == 0
    assert release_due_stock() == 1
    assert release_due_stock() == 0

    promo.refresh_from_db()
    [ended] = published("flash_promo_ended")
    assert ended["reason"] == "time"
    assert (stock(variant).on_hand, stock(variant).allocated) == (9, 0)
    assert promo.units_returned == 2
    assert not PromoUnit.objects.filter(PromoUnit.OPEN).exists()


def test_stock_waits_for_the_last_minute_that_runs():
    variant = make_variant()
    promo = make_promo(variant, units=2)
    card = reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk).card
    end_due_promos(at=promo.ends_at)

    assert release_due_stock() == 0
    assert stock(variant).allocated == 2
    let_lapse(card.reservation_id)
    assert release_due_stock() == 1

    assert stock(variant).allocated == 0


def test_a_promotion_missed_altogether_ends_without_having_started():
    promo = make_promo(starts_at=later(minutes=1), ends_at=later(minutes=2))

    at = later(minutes=3)
    assert (start_due_promos(at=at), end_due_promos(at=at), release_due_stock()) == (0, 1, 1)

    assert published("flash_promo_started") == []
    assert published("flash_promo_ended") == []
    promo.refresh_from_db()
    assert promo.ended_at is not None


def test_selling_the_last_unit_ends_the_promotion_once():
    variant = make_variant()
    promo = make_promo(variant, units=2)
    buy(promo)
    drain()
    assert published("flash_promo_ended") == []

    buy(promo)
    drain()
    tasks.sweep()
    OutboxEvent.objects.filter(wire_name="promotions.unit_sold").update(relayed_at=None)
    drain()

    [ended] = published("flash_promo_ended")
    assert ended["reason"] == "sold_out"
    assert (stock(variant).on_hand, stock(variant).allocated) == (18, 0)


def test_one_promotion_that_fails_does_not_keep_the_others(monkeypatch):
    first, second = make_promo(), make_promo()
    StockItem.objects.filter(variant=first.variant_id).update(allocated=0)
    end_due_promos(at=later(hours=2))

    assert release_due_stock() == 1

    second.refresh_from_db()
    assert second.stock_reserved_at is None
    first.refresh_from_db()
    assert first.stock_reserved_at is not None


def test_tidying_clears_old_holds_only():
    promo = make_promo(units=2)
    old = reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk).card
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)
    let_lapse(old.reservation_id, ago=timedelta(hours=1))

    assert clean_up_expired() == 1
    assert clean_up_expired() == 0

    assert PromoUnit.objects.filter(holder__isnull=True).count() == 1
    assert ActiveHold.objects.count() == 1


def test_the_relay_and_beat_have_their_doors():
    assert "promotions.flash" in moments._MOMENTS
    promo = make_promo(starts_at=later(minutes=1), ends_at=later(hours=1))
    FlashPromo.objects.update(starts_at=later(seconds=-1))

    moments.run_due_moments()
    tasks.clean_up_expired()

    promo.refresh_from_db()
    assert promo.started_at is not None
    assert (tasks.sweep.name, tasks.clean_up_expired.name) == ("promotions.sweep", "promotions.clean_up_expired")


def test_promotions_follow_their_store():
    promo = make_promo()
    over = make_promo(promo.variant)
    end_promo(promo_id=over.pk, actor_id=None, at=timezone.now())
    apps.get_model("stores.Store").objects.update(latitude=1.5, longitude=2.5)
    with transaction.atomic():
        publish(StoreMoved(store_id=promo.store_id))
        publish(StoreStateChanged(store_id=promo.store_id, from_state="open", to_state="paused"))
    before = FlashPromo.objects.get(pk=promo.pk).updated_at
    drain()

    promo.refresh_from_db()
    over.refresh_from_db()
    assert promo.updated_at > before
    assert (promo.latitude, promo.longitude) == (1.5, 2.5)
    assert over.latitude == 19.4326


def test_the_state_as_a_condition_says_what_the_function_says():
    at = timezone.now()
    make_promo()
    make_promo(is_active=False)
    make_promo(starts_at=later(hours=1), ends_at=later(hours=2))
    paused = make_promo()
    FlashPromo.objects.filter(pk=paused.pk).update(is_active=False)
    buy(make_promo())
    unsold = make_promo()
    end_promo(promo_id=unsold.pk, actor_id=None, at=at)
    release_due_stock()
    by_time = make_promo()
    FlashPromo.objects.filter(pk=by_time.pk).update(starts_at=later(hours=-2), ends_at=later(hours=-1))

    seen = set()
    promo: Any
    for promo in FlashPromo.objects.with_units_left():
        state = promo_state(promo, units_left=promo.units_left, at=at)
        matches = [
            each
            for each in FlashPromo.State
            if FlashPromo.objects.with_units_left().filter(in_state(each, at), pk=promo.pk).exists()
        ]
        assert matches == [state]
        seen.add(state)
    assert seen == set(FlashPromo.State)


def test_in_every_case_and_at_the_very_moments_the_condition_says_what_the_function_says():
    template, at = make_promo(), timezone.now()
    spans = [(1, 2), (0, 1), (-1, 1), (-1, 0), (-2, -1)]  # to come, beginning now, between, over now, past
    promos, units = [], []
    for (starts, ends), is_active, started, ended, unit in product(
        spans, [True, False], [None, at], [None, at], ["open", "sold", "given back"]
    ):
        promo = copy(template)
        promo.pk, promo.is_active, promo.started_at, promo.ended_at = uuid7(), is_active, started, ended
        promo.starts_at, promo.ends_at = at + timedelta(hours=starts), at + timedelta(hours=ends)
        promo.units_returned = 1 if unit == "given back" else 0
        gone = {"open": {}, "sold": {"sold_at": at}, "given back": {"released_at": at}}[unit]
        promos.append(promo)
        units.append(PromoUnit(promo=promo, number=1, **gone))
    FlashPromo.objects.bulk_create(promos)
    PromoUnit.objects.bulk_create(units)

    rows: Any = FlashPromo.objects.with_units_left()
    by_function: dict[str, set[Any]] = {state: set() for state in FlashPromo.State}
    for row in rows:
        by_function[promo_state(row, units_left=row.units_left, at=at)].add(row.pk)

    assert {state: set(rows.filter(in_state(state, at)).values_list("pk", flat=True)) for state in by_function} == (
        by_function
    )
    assert all(by_function.values())


def test_the_facade_tells_what_messages_and_audiences_need():
    segment = make_segment("vip")
    promo = make_promo(segment_ids=frozenset({segment.pk}), radius_km=5.0)

    rule, card = facade.promo_audience_rule(promo.pk), facade.promo_card(promo.pk)

    assert (rule.latitude, rule.longitude, rule.radius_km) == (promo.latitude, promo.longitude, 5.0)
    assert (rule.segment_ids, rule.ends_at) == (frozenset({segment.pk}), promo.ends_at)
    assert card.product_name == facade.promo_title(promo.pk) == promo.variant.product.name
    assert (card.price, card.list_price) == (promo.promo_price, promo.variant.price)
    assert [running.promo_id for running in facade.running_promos(timezone.now())] == [promo.pk]
    assert len(facade.kpis()) == 6
    with pytest.raises(PromoNotFoundError):
        facade.promo_card(uuid4())
    with pytest.raises(PromoNotFoundError):
        facade.promo_audience_rule(uuid4())
    with pytest.raises(ReservationNotFoundError):
        facade.reservation_card(uuid4())


def test_a_person_who_holds_a_unit_cannot_be_erased_before_the_minute_ends():
    customer = make_customer()
    card = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card
    eraser = erasure._ERASERS["promotions"]

    with pytest.raises(ReservationInProgressError):
        eraser.guard(customer.pk)
    let_lapse(card.reservation_id)
    eraser.guard(customer.pk)
    with transaction.atomic():
        eraser.erase(customer.pk)

    assert not ActiveHold.objects.exists()
    assert facade.reservation_card(card.reservation_id).state == "lapsed"
    assert facade.reservation_card(card.reservation_id).expires_at <= read_db_now()
