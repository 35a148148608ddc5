"""Who may take what: the process's copy against the plain rule, and what reading it costs."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.apps import apps
from django.core.cache import cache
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.geo import great_circle_km
from marketplace.core.money import Money
from promotions.contracts import RunningPromo
from promotions.flash import running
from promotions.flash.eligibility import OfferRules, failed_rules
from promotions.flash.models import FlashPromo, PromoUnit
from promotions.flash.running import GENERATION_KEY, VERSION_KEY, copy_of, promos_changed, running_copy
from promotions.flash.services.planning import change_promo, end_promo, withdraw_promo

from .factories import make_promo, make_segment, make_variant

NOW = datetime(2026, 1, 31, 18, tzinfo=UTC)
SEGMENTS = [UUID(int=n) for n in range(1, 4)]


@dataclass(frozen=True)
class Person:
    latitude: float | None
    longitude: float | None
    segment_ids: frozenset[UUID]


def promo_at(latitude, longitude, radius_km, segment_ids, starts, ends) -> RunningPromo:
    return RunningPromo(
        promo_id=uuid4(), store_id=uuid4(), store_name="Tienda", variant_id=uuid4(), product_id=uuid4(),
        product_name="Talavera", price=Money(1, "MXN"), list_price=Money(2, "MXN"), units=1,
        starts_at=NOW + timedelta(seconds=starts), ends_at=NOW + timedelta(seconds=ends),
        latitude=latitude, longitude=longitude, radius_km=radius_km, segment_ids=frozenset(segment_ids),
    )  # fmt: skip


latitudes = st.one_of(st.floats(-90, 90), st.sampled_from([-90.0, -89.99, 0.0, 89.99, 90.0]))
longitudes = st.one_of(st.floats(-180, 180), st.sampled_from([-180.0, -179.99, 0.0, 179.99, 180.0]))
segment_sets = st.sets(st.sampled_from(SEGMENTS))
promos = st.builds(
    promo_at,
    latitudes,
    longitudes,
    st.one_of(st.none(), st.floats(0.01, 20_040), st.sampled_from([0.01, 2.0, 20_040.0])),
    segment_sets,
    st.integers(-2, 1),
    st.integers(2, 3).map(lambda seconds: seconds - 1),
)
people = st.builds(
    lambda place, segment_ids: Person(place[0], place[1], frozenset(segment_ids)),
    st.one_of(st.just((None, None)), st.tuples(latitudes, longitudes)),
    segment_sets,
)


def is_on_the_edge(promo, person) -> bool:
    """Within a millimetre of the circle either answer is right."""
    if promo.radius_km is None or person.latitude is None:
        return False
    distance = great_circle_km(promo.latitude, promo.longitude, person.latitude, person.longitude)
    return bool(abs(distance - promo.radius_km) < 1e-6)


@settings(max_examples=300, deadline=None)
@given(st.lists(promos, max_size=12), people)
def test_the_copy_answers_like_the_rule(offers, person):
    found = {nearby.promo.promo_id for nearby in copy_of(offers).eligible(person, NOW)}

    for promo in offers:
        rules = OfferRules(promo.latitude, promo.longitude, promo.radius_km, promo.segment_ids)
        expected = promo.starts_at <= NOW < promo.ends_at and not failed_rules(rules, person)
        if not is_on_the_edge(promo, person):
            assert (promo.promo_id in found) == expected


@settings(max_examples=100, deadline=None)
@given(st.lists(promos, max_size=12), people)
def test_nearest_first_then_the_one_that_ends_first(offers, person):
    found = copy_of(offers).eligible(person, NOW)

    for first, second in pairwise(found):
        apart = (second.distance_km or 0.0) - (first.distance_km or 0.0)
        assert apart >= 0
        same_place = (first.promo.latitude, first.promo.longitude) == (second.promo.latitude, second.promo.longitude)
        assert not same_place or first.promo.ends_at <= second.promo.ends_at
    for nearby in found:
        assert (nearby.distance_km is None) == (person.latitude is None)


def test_the_rim_belongs_to_the_circle():
    zocalo, person = (19.4326, -99.1332), Person(19.45, -99.1332, frozenset())
    radius_km = great_circle_km(*zocalo, 19.45, -99.1332)

    assert failed_rules(OfferRules(*zocalo, radius_km, frozenset()), person) == ()
    assert failed_rules(OfferRules(*zocalo, math.nextafter(radius_km, 0), frozenset()), person) == ("distance",)


@pytest.mark.parametrize(("latitude", "longitude"), [(None, None), (19.4326, None), (None, -99.1332)])
def test_half_a_place_is_none(latitude, longitude):
    rules = OfferRules(19.4326, -99.1332, 2.0, frozenset())

    assert failed_rules(rules, Person(latitude, longitude, frozenset())) == ("no_location",)


def test_across_the_antimeridian_and_over_the_pole():
    fiji = promo_at(-17.0, 179.95, 30.0, (), -1, 1)
    north = promo_at(89.9, 0.0, 30.0, (), -1, 1)
    copy = copy_of([fiji, north])

    across = copy.eligible(Person(-17.0, -179.95, frozenset()), NOW)
    over = copy.eligible(Person(89.9, 180.0, frozenset()), NOW)

    assert [nearby.promo for nearby in across] == [fiji]
    assert [nearby.promo for nearby in over] == [north]


# The copy and the database


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Work whose on-commit callbacks run, as after a real commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def ids(at=None) -> set[UUID]:
    at = at or timezone.now()
    return {promo.promo_id for promo in running_copy(at).at(at)}


@pytest.mark.django_db
def test_reading_costs_one_query_and_then_none_whatever_the_number(django_assert_num_queries):
    segments = [make_segment("vip"), make_segment("new")]
    variant = make_variant(on_hand=50)
    for _ in range(12):
        make_promo(variant, segment_ids=frozenset(segment.pk for segment in segments))
    cache.delete_many([GENERATION_KEY, VERSION_KEY])

    with django_assert_num_queries(1):
        assert len(ids()) == 12
    with django_assert_num_queries(0):
        assert len(ids()) == 12


@pytest.mark.django_db
def test_a_change_shows_at_once(committed):
    with committed():
        promo = make_promo()
    assert ids() == {promo.pk}

    with committed():
        change_promo(promo_id=promo.pk, changes={"is_active": False}, actor_id=None, at=timezone.now())
    assert ids() == set()

    with committed():
        change_promo(promo_id=promo.pk, changes={"is_active": True}, actor_id=None, at=timezone.now())
    assert ids() == {promo.pk}

    with committed():
        end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())
    assert ids() == set()


@pytest.mark.django_db
def test_after_a_change_only_what_changed_is_read(committed, django_assert_num_queries):
    with committed():
        old, promo = make_promo(), make_promo()
    ids()
    FlashPromo.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    FlashPromo.objects.filter(pk=old.pk).update(is_active=False)

    with committed():
        change_promo(promo_id=promo.pk, changes={"units": 2}, actor_id=None, at=timezone.now())
        new = make_promo()

    with django_assert_num_queries(1):
        assert ids() == {old.pk, promo.pk, new.pk}
    with django_assert_num_queries(0):
        [units] = [each.units for each in running_copy(timezone.now()).at(timezone.now()) if each.promo_id == promo.pk]
    assert units == 2


@pytest.mark.django_db
def test_one_that_is_withdrawn_before_it_starts_never_appears(committed):
    starts_at = timezone.now() + timedelta(seconds=30)
    with committed():
        promo = make_promo(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=1))
    assert ids(starts_at) == {promo.pk}

    with committed():
        withdraw_promo(promo_id=promo.pk, actor_id=None)

    assert ids(starts_at) == set()


@pytest.mark.django_db
def test_what_was_scheduled_long_ago_is_there_in_time(monkeypatch):
    starts_at = timezone.now() + timedelta(hours=5)
    promo = make_promo(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=1))
    FlashPromo.objects.update(updated_at=timezone.now() - timedelta(hours=1))
    assert ids() == set()

    monkeypatch.setattr(running, "REREAD_SECONDS", 0.0)

    assert ids(starts_at) == {promo.pk}


@pytest.mark.django_db
def test_what_happened_to_a_product_is_noticed_at_last(monkeypatch):
    make_promo()
    assert len(ids()) == 1
    apps.get_model("stores.Product").objects.update(is_published=False)
    FlashPromo.objects.update(updated_at=timezone.now() - timedelta(hours=1))

    monkeypatch.setattr(running, "REREAD_SECONDS", 0.0)

    assert ids() == set()


@pytest.mark.django_db
def test_a_promotion_appears_on_its_second_with_nobody_running(django_assert_num_queries):
    starts_at = timezone.now() + timedelta(seconds=30)
    promo = make_promo(starts_at=starts_at, ends_at=starts_at + timedelta(seconds=20))
    cache.delete_many([GENERATION_KEY, VERSION_KEY])
    assert ids(starts_at - timedelta(microseconds=1)) == set()

    with django_assert_num_queries(0):
        assert ids(starts_at) == {promo.pk}
        assert ids(starts_at + timedelta(seconds=20)) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("model", ["Store", "Variant", "Product"])
def test_what_does_not_sell_does_not_run(model):
    make_promo()
    changes: dict[str, dict[str, Any]] = {
        "Store": {"state": "closed"},
        "Variant": {"is_active": False},
        "Product": {"is_published": False},
    }
    off = changes[model]
    apps.get_model(f"stores.{model}").objects.update(**off)
    cache.delete_many([GENERATION_KEY, VERSION_KEY])

    assert ids() == set()


@pytest.mark.django_db
def test_what_is_sold_out_does_not_run():
    make_promo()
    PromoUnit.objects.update(sold_at=timezone.now())
    cache.delete_many([GENERATION_KEY, VERSION_KEY])

    assert ids() == set()


@pytest.mark.django_db
def test_a_change_whose_word_was_lost_shows_when_the_copy_is_old(monkeypatch):
    make_promo()
    assert len(ids()) == 1
    FlashPromo.objects.update(is_active=False)
    assert len(ids()) == 1

    monkeypatch.setattr(running, "GLANCE_SECONDS", 0.0)

    assert ids() == set()


@pytest.mark.django_db
def test_without_the_shared_cache_the_copy_serves_for_moments_only(monkeypatch):
    """Redis is out: `get` answers nothing, `set` does nothing, the shop goes on."""
    monkeypatch.setattr(running, "_shared_words", lambda: ("", ""))
    cache.delete_many([GENERATION_KEY, VERSION_KEY])
    make_promo()
    assert len(ids()) in {0, 1}
    FlashPromo.objects.update(is_active=False)

    monkeypatch.setattr(running, "BLIND_GLANCE_SECONDS", 0.0)

    assert ids() == set()


@pytest.mark.django_db
def test_the_word_is_changed_only_after_commit(committed):
    running_copy(timezone.now())
    before = cache.get(running.VERSION_KEY)

    with committed() as callbacks:
        promos_changed()
        assert cache.get(running.VERSION_KEY) == before

    assert len(callbacks) == 1
    assert cache.get(running.VERSION_KEY) != before
