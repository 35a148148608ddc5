"""`flash-promos/` over HTTP: who may do what, what is shown, what a refusal looks like."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from marketplace.core import access
from marketplace.core.access import Reach
from marketplace.core.ids import uuid7
from marketplace.core.tests.cached import forget_cached
from promotions.flash.models import FlashPromo
from promotions.flash.services.planning import end_promo
from stores.models import StockItem
from users.accounts.tests.factories import UserFactory

from .factories import make_customer, make_promo, make_segment, make_variant

pytestmark = pytest.mark.django_db

URL = "/api/v1/promotions/flash-promos/"


@pytest.fixture
def staff(monkeypatch):
    """A person with `promotions:write` where a test says."""
    user = UserFactory.create()
    reaches: dict[str, Reach] = {}

    def authority(who: Any, key: str) -> Reach:
        return reaches.get("reach", access.NOWHERE) if who == user and key.startswith("promotions:") else access.NOWHERE

    monkeypatch.setattr(access, "_authorities", [authority])
    user.may = lambda departments=(), stores=(): reaches.update(
        reach=Reach(departments=frozenset(departments), stores=frozenset(stores))
    )
    return user


@pytest.fixture
def merchant(staff, api):
    """Signed in, with a variant of a store within reach."""
    variant = make_variant()
    staff.may(stores={variant.store_id})
    api.force_authenticate(staff)
    return staff, variant


def body(offered, **changes) -> dict[str, Any]:
    now = timezone.now()
    return {
        "variant": str(offered.pk),
        "store": str(offered.store_id),
        "promo_price": {"amount": "199.00", "currency": "MXN"},
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(hours=1)).isoformat(),
        "segments": [],
        "radius_km": 3.5,
        "units": 2,
        "is_active": True,
    } | changes


def test_store_members_schedule_a_promotion(api, merchant):
    _staff, variant = merchant
    segment = make_segment("vip")

    response = api.post(URL, body(variant, segments=[str(segment.pk)]), format="json")

    assert response.status_code == 201, response.data
    assert response["ETag"] == '"1"'
    data = response.json()
    assert (data["state"], data["units"], data["units_left"]) == ("running", 2, 2)
    assert data["promo_price"] == {"amount": "199.00", "currency": "MXN"}
    assert data["list_price"] == {"amount": "349.00", "currency": "MXN"}
    assert data["segments"] == [str(segment.pk)]
    assert (data["variant"], data["store"]) == (str(variant.pk), str(variant.store_id))
    assert StockItem.objects.get(variant=variant).allocated == 2


def test_defaults_are_one_unit_two_kilometres_everyone_active(api, merchant):
    _staff, variant = merchant
    terms = body(variant)
    for name in ("store", "segments", "radius_km", "units", "is_active"):
        del terms[name]

    data = api.post(URL, terms, format="json").json()

    assert (data["units"], data["radius_km"], data["segments"], data["is_active"]) == (1, 2.0, [], True)


def test_department_staff_reach_their_departments_variants(api, staff):
    variant, foreign = make_variant(), make_variant()
    staff.may(departments={variant.product.category.department_id})
    api.force_authenticate(staff)

    assert api.post(URL, body(variant), format="json").status_code == 201
    refused = api.post(URL, body(foreign), format="json")

    assert refused.status_code == 400
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("variant", "does_not_exist")]
    assert FlashPromo.objects.count() == 1


def test_the_same_idempotency_key_schedules_once(api, merchant):
    _staff, variant = merchant
    terms = body(variant)

    first = api.post(URL, terms, format="json", headers={"Idempotency-Key": "k1"})
    second = api.post(URL, terms, format="json", headers={"Idempotency-Key": "k1"})

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert FlashPromo.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"units": 0}, "units"),
        ({"units": "2"}, "units"),
        ({"units": 10**12}, "units"),
        ({"radius_km": -1}, "radius_km"),
        ({"radius_km": "2"}, "radius_km"),
        ({"starts_at": "2026-01-31T10:00:00"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"promo_price": "199.00"}, "promo_price"),
        ({"promo_price": {"amount": "-1.00", "currency": "MXN"}}, "promo_price"),
        ({"promo_price": {"amount": "350.00", "currency": "MXN"}}, "promo_price"),
        ({"segments": ["nonsense"]}, "segments[0]"),
        ({"segments": [str(uuid7())]}, "segments"),
        ({"variant": str(uuid7())}, "variant"),
        ({"store": str(uuid7())}, "store"),
        ({"is_active": "yes"}, "is_active"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(api, merchant, changes, field):
    _staff, variant = merchant

    response = api.post(URL, body(variant, **changes), format="json")

    assert response.status_code == 400, response.data
    assert field in {error["field"] for error in response.json()["errors"]}
    assert not FlashPromo.objects.exists()
    assert StockItem.objects.get(variant=variant).allocated == 0


def test_another_currency_and_too_little_stock_are_conflicts(api, merchant):
    _staff, variant = merchant

    currency = api.post(URL, body(variant, promo_price={"amount": "1.00", "currency": "USD"}), format="json")
    stock = api.post(URL, body(variant, units=21), format="json")

    assert (currency.status_code, currency.json()["code"]) == (409, "currency_mismatch")
    assert (stock.status_code, stock.json()["code"]) == (409, "insufficient_stock")
    assert not FlashPromo.objects.exists()


def test_customers_and_strangers_write_nothing(api, staff):
    promo = make_promo()
    detail = f"{URL}{promo.pk}/"

    for who in (None, make_customer()):
        api.force_authenticate(who)
        answers = [
            api.post(URL, body(promo.variant), format="json"),
            api.patch(detail, {"units": 5}, format="json"),
            api.delete(detail),
            api.post(f"{detail}end/"),
        ]
        assert {answer.status_code for answer in answers} == {401 if who is None else 403}
    promo.refresh_from_db()
    assert (promo.units, promo.ended_at, FlashPromo.objects.count()) == (1, None, 1)


def test_what_lies_outside_ones_reach_does_not_exist_for_writing(api, merchant):
    promo = make_promo()
    detail = f"{URL}{promo.pk}/"

    assert api.get(detail).status_code == 200
    assert api.patch(detail, {"units": 5}, format="json").status_code == 404
    assert api.delete(detail).status_code == 404
    assert api.post(f"{detail}end/").status_code == 404


def test_patch_compares_the_etag(api, merchant):
    _staff, variant = merchant
    promo = make_promo(variant)
    detail = f"{URL}{promo.pk}/"
    tag = api.get(detail)["ETag"]

    fresh = api.patch(detail, {"units": 3}, format="json", headers={"If-Match": tag})
    stale = api.patch(detail, {"units": 4}, format="json", headers={"If-Match": tag})
    weak = api.patch(detail, {"units": 4}, format="json", headers={"If-Match": f"W/{fresh['ETag']}"})

    assert (fresh.status_code, fresh["ETag"], fresh.json()["units_left"]) == (200, '"2"', 3)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert weak.status_code == 200


def test_after_the_start_terms_are_kept(api, merchant):
    _staff, variant = merchant
    promo = make_promo(variant)

    response = api.patch(f"{URL}{promo.pk}/", {"promo_price": {"amount": "1.00", "currency": "MXN"}}, format="json")

    assert (response.status_code, response.json()["code"]) == (409, "promo_started")
    assert response.json()["fields"] == ["promo_price"]


def test_pausing_hides_it_from_customers_only(api, merchant):
    _staff, variant = merchant
    promo = make_promo(variant)
    detail = f"{URL}{promo.pk}/"

    paused = api.patch(detail, {"is_active": False}, format="json")

    assert (paused.status_code, paused.json()["state"]) == (200, "paused")
    assert api.get(detail).status_code == 200
    api.force_authenticate(make_customer())
    assert api.get(detail).status_code == 404
    assert api.get(URL).json()["results"] == []


def test_ending_and_withdrawing(api, merchant):
    _staff, variant = merchant
    running = make_promo(variant)
    to_come = make_promo(
        variant, starts_at=timezone.now() + timedelta(hours=1), ends_at=timezone.now() + timedelta(hours=2)
    )

    ended = api.post(f"{URL}{running.pk}/end/")
    again = api.post(f"{URL}{running.pk}/end/")
    refused = api.delete(f"{URL}{running.pk}/")
    withdrawn = api.delete(f"{URL}{to_come.pk}/")

    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert (again.status_code, again.json()["code"]) == (409, "promo_ended")
    assert (refused.status_code, refused.json()["code"]) == (409, "promo_started")
    assert withdrawn.status_code == 204
    assert not FlashPromo.objects.filter(pk=to_come.pk).exists()


@pytest.mark.parametrize("pk", ["nonsense", "0", "019f", "019f0000-0000-7000-8000-000000000000", "%00"])
def test_unknown_ids_are_not_found(api, pk):
    assert api.get(f"{URL}{pk}/").status_code == 404


def test_anyone_lists_what_is_announced_within_the_query_budget(api, django_assert_num_queries):
    segment = make_segment("vip")
    variant = make_variant(on_hand=50)
    for _ in range(5):
        make_promo(variant, segment_ids=frozenset({segment.pk}))
    make_promo(variant, is_active=False)

    with django_assert_num_queries(2):
        page = api.get(URL).json()

    assert len(page["results"]) == 5
    assert {row["state"] for row in page["results"]} == {"running"}


@pytest.mark.parametrize("state", ["draft", "scheduled", "running", "paused", "sold_out", "ended"])
def test_filter_by_state(api, merchant, state):
    _staff, variant = merchant
    make_promo(variant)
    make_promo(variant, is_active=False)
    end_promo(promo_id=make_promo(variant).pk, actor_id=None, at=timezone.now())

    rows = api.get(URL, {"state": state, "store": str(variant.store_id)}).json()["results"]

    assert [row["state"] for row in rows] == [state] * (state in {"running", "draft", "ended"})


@pytest.mark.parametrize(
    "query", [{"state": "x"}, {"store": "x"}, {"variant": "\x00"}, {"cursor": "x"}, {"page_size": "0"}]
)
def test_bad_filters_are_refused(api, query):
    assert api.get(URL, query).status_code == 400


def test_sparse_answers(api):
    promo = make_promo()

    assert set(api.get(f"{URL}{promo.pk}/?fields=id,state").json()) == {"id", "state"}
    assert set(api.get(f"{URL}running/?fields=id").json()["results"][0]) == {"id"}


def test_eligible_is_near_first_and_costs_at_most_two_queries(api, django_assert_max_num_queries):
    customer = make_customer(place=(19.4326, -99.1332))
    near, far = make_promo(), make_promo(radius_km=10.0)
    FlashPromo.objects.filter(pk=far.pk).update(latitude=19.45)
    FlashPromo.objects.filter(pk=make_promo().pk).update(latitude=20.0)
    make_promo(segment_ids=frozenset({make_segment("vip").pk}))
    forget_cached()
    api.force_authenticate(customer)

    with django_assert_max_num_queries(2):
        answer = api.get(f"{URL}eligible/").json()

    assert answer["notice"] is None
    assert [row["id"] for row in answer["results"]] == [str(near.pk), str(far.pk)]
    assert [row["distance_km"] for row in answer["results"]] == [0.0, 1.93]
    with django_assert_max_num_queries(1):
        api.get(f"{URL}eligible/")


def test_eligible_says_why_a_customer_without_a_place_sees_less(api):
    make_promo()
    everywhere = make_promo(radius_km=None)
    api.force_authenticate(make_customer(place=None))

    answer = api.get(f"{URL}eligible/", headers={"Accept-Language": "en"}).json()

    assert answer["notice"]["code"] == "no_location"
    assert [(row["id"], row["distance_km"]) for row in answer["results"]] == [(str(everywhere.pk), None)]


def test_eligible_pages(api):
    variant = make_variant(on_hand=5)
    for _ in range(5):
        make_promo(variant)
    api.force_authenticate(make_customer())

    first = api.get(f"{URL}eligible/", {"page_size": 3}).json()
    second = api.get(first["next"]).json()

    rows = [row["id"] for row in first["results"] + second["results"]]
    assert len(rows) == len(set(rows)) == 5
    assert second["next"] is None


def test_eligible_needs_an_account(api):
    assert api.get(f"{URL}eligible/").status_code == 401


def test_running_is_for_anyone_and_costs_one_query_then_none(api, django_assert_num_queries):
    late = make_promo()
    soon = make_promo(ends_at=timezone.now() + timedelta(minutes=5))
    make_promo(starts_at=timezone.now() + timedelta(minutes=30))
    forget_cached()

    with django_assert_num_queries(1):
        answer = api.get(f"{URL}running/").json()
    with django_assert_num_queries(0):
        api.get(f"{URL}running/")

    assert [row["id"] for row in answer["results"]] == [str(soon.pk), str(late.pk)]
    assert 0 < answer["results"][0]["seconds_left"] <= 300


def test_a_closed_store_shows_nothing_running(api):
    make_promo()
    apps.get_model("stores.Store").objects.update(state="closed")
    forget_cached()

    assert api.get(f"{URL}running/").json()["results"] == []
