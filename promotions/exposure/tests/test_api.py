"""`exposure/` and `admin/exposure/pins/` over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from promotions.exposure.models import Pin
from promotions.exposure.tests.factories import make_pin, make_products, make_scores
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PINS = "/api/v1/admin/exposure/pins/"


@pytest.fixture
def boss(api: Any) -> Any:
    """A client of somebody who may do everything."""
    api.force_authenticate(UserFactory.create(is_staff=True, is_superuser=True))
    return api


def terms(product: Any, **others: Any) -> dict[str, Any]:
    return {
        "context": "home",
        "product": str(product.pk),
        "position": 1,
        "starts_at": timezone.now().isoformat(),
        **others,
    }


def test_anyone_is_shown_a_mix(api):
    (product,) = make_products(1)
    version = make_scores([product])

    answer = api.get("/api/v1/exposure/", {"context": "home", "size": "4"}, headers={"X-Session-Id": "abc"})

    body = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert (body["context"], body["category"], body["scores_version"], body["variant"]) == (
        "home",
        None,
        version.pk,
        None,
    )
    assert body["tier"] == "computed"
    (shown,) = body["mix"]
    assert (shown["product"], shown["position"], shown["reason"]) == (str(product.pk), 1, "popular")
    assert shown["price_from"] == {"amount": "349.00", "currency": "MXN"}


@pytest.mark.parametrize(
    ("asked", "field", "code"),
    [
        ({"context": "elsewhere"}, "context", "invalid_choice"),
        ({"size": "0"}, "size", "min_value"),
        ({"size": "49"}, "size", "max_value"),
        ({"context": "category"}, "category_id", "required"),
        ({"context": "category", "category_id": "x"}, "category_id", "invalid"),
        (
            {"context": "category", "category_id": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"},
            "category_id",
            "does_not_exist",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(api, asked, field, code):
    answer = api.get("/api/v1/exposure/", asked)

    assert answer.status_code == 400
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]


def test_staff_pin_move_and_unpin(boss):
    (product,) = make_products(1)

    made = boss.post(PINS, terms(product, note="Hot Sale"), format="json")
    pin = made.json()
    moved = boss.patch(f"{PINS}{pin['id']}/", {"position": 3}, headers={"If-Match": made["ETag"]}, format="json")
    stale = boss.patch(f"{PINS}{pin['id']}/", {"position": 5}, headers={"If-Match": made["ETag"]}, format="json")
    listed = boss.get(PINS, {"in_force": "true"}).json()["results"]
    gone = boss.delete(f"{PINS}{pin['id']}/")

    assert (made.status_code, moved.status_code, stale.status_code, gone.status_code) == (201, 200, 412, 204)
    assert (moved.json()["position"], [each["id"] for each in listed]) == (3, [pin["id"]])
    assert not Pin.objects.exists()
    actions = AuditEntry.objects.filter(action__contains="pin").order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["promotions.create_pin", "promotions.change_pin", "promotions.delete_pin"]


def test_a_second_pin_for_the_place_or_the_product_is_refused_and_changes_nothing(boss):
    first, second = make_products(2)
    now = timezone.now()
    make_pin(first, 1, ends_at=now + timedelta(days=1))

    place = boss.post(PINS, terms(second), format="json")
    product = boss.post(PINS, terms(first, position=2), format="json")
    afterwards = boss.post(PINS, terms(second, starts_at=(now + timedelta(days=1)).isoformat()), format="json")

    assert [(each.status_code, each.json().get("code")) for each in (place, product)] == [(409, "pin_overlaps")] * 2
    assert afterwards.status_code == 201
    assert Pin.objects.count() == 2


def test_wrong_terms_are_named_field_by_field(boss):
    (product,) = make_products(1)
    early = (timezone.now() - timedelta(days=9)).isoformat()

    answer = boss.post(PINS, terms(product, context="category", ends_at=early), format="json")

    assert answer.status_code == 400
    assert sorted(each["field"] for each in answer.json()["errors"]) == ["category", "ends_at"]
    assert not Pin.objects.exists()


def test_pins_are_the_houses_alone(api):
    (product,) = make_products(1)
    assert api.get(PINS).status_code == 401

    api.force_authenticate(UserFactory.create(is_staff=True))

    assert api.get(PINS).status_code == 403
    assert api.post(PINS, terms(product), format="json").status_code == 403


@pytest.mark.once
def test_an_address_may_ask_so_often_and_a_forged_one_changes_nothing(api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "exposure": "2/day"}
    make_scores(make_products(1))

    answers = [api.get("/api/v1/exposure/", headers={"X-Forwarded-For": f"10.0.0.{number}"}) for number in range(3)]
    api.force_authenticate(UserFactory.create())
    signed_in = api.get("/api/v1/exposure/")

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert signed_in.status_code == 200
