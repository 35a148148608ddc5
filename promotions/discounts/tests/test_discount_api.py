"""`promotions/discounts/` over HTTP."""

from typing import Any

import pytest

from marketplace.core.access import KEYS
from marketplace.core.ids import uuid7
from promotions.discounts.models import Discount
from promotions.facade import rule_book
from stores.catalog.tests.factories import CategoryFactory, ProductFactory
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import make_discount

pytestmark = pytest.mark.django_db
URL = "/api/v1/promotions/discounts/"


def url(discount) -> str:
    return f"{URL}{discount.pk}/"


@pytest.fixture
def category(api):
    """A category; the client is signed in as somebody who writes promotions of its department."""
    category = CategoryFactory.create()
    clerk = DepartmentMemberFactory.create(department=category.department, keys=["promotions:write"]).user
    api.force_authenticate(clerk)
    return category


def body(of, **changes) -> dict[str, Any]:
    return {
        "name": "Viernes",
        "tier": "gold",
        "category": str(of.pk),
        "starts_at": "2026-01-31T06:00:00Z",
        "weekdays": [5, 1],
        "percent_bp": 1_500,
    } | changes


def test_staff_of_the_department_make_a_discount(api, category):
    product = ProductFactory.create(category=category)

    response = api.post(URL, body(category, products=[str(product.pk)], month_days=[31]), format="json")

    assert response.status_code == 201, response.data
    assert response["ETag"] == '"1"'
    data = response.json()
    assert (data["tier"], data["percent_bp"], data["amount"]) == ("gold", 1_500, None)
    assert (data["weekdays"], data["month_days"], data["products"]) == ([1, 5], [31], [str(product.pk)])
    assert (data["ends_at"], data["is_active"], data["priority"]) == (None, True, 0)
    assert api.get(url(Discount.objects.get())).json() == data


def test_an_amount_is_money(api, category):
    terms = body(category, amount={"amount": "25.50", "currency": "MXN"})
    del terms["percent_bp"]

    data = api.post(URL, terms, format="json").json()

    assert (data["amount"], data["percent_bp"]) == ({"amount": "25.50", "currency": "MXN"}, None)


def test_a_change_compares_versions(api, category):
    discount = make_discount(category)

    changed = api.patch(url(discount), {"percent_bp": 500}, format="json", headers={"If-Match": '"1"'})
    stale = api.patch(url(discount), {"percent_bp": 700}, format="json", headers={"If-Match": '"1"'})

    assert (changed.status_code, changed["ETag"], changed.json()["percent_bp"]) == (200, '"2"', 500)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert (stale.json()["current_version"], stale.json()["current"]["percent_bp"]) == (2, 500)
    assert Discount.objects.get().percent_bp == 500


def test_from_a_percentage_to_an_amount(api, category):
    discount = make_discount(category)
    amount = {"amount": "10.00", "currency": "MXN"}

    refused = api.patch(url(discount), {"amount": amount}, format="json")
    changed = api.patch(url(discount), {"amount": amount, "percent_bp": None}, format="json")

    assert [error["field"] for error in refused.json()["errors"]] == ["percent_bp"]
    assert (changed.status_code, changed.json()["amount"]) == (200, amount)


def test_removing(api, category):
    discount = make_discount(category)

    stale = api.delete(url(discount), headers={"If-Match": '"4"'})
    removed = api.delete(url(discount), headers={"If-Match": '"1"'})

    assert (stale.status_code, removed.status_code) == (412, 204)
    assert not Discount.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"tier": "platinum"}, "tier"),
        ({"category": "nonsense"}, "category"),
        ({"category": str(uuid7())}, "category"),
        ({"products": [str(uuid7())]}, "products"),
        ({"products": ["nonsense"]}, "products[0]"),
        ({"starts_at": "2026-01-31T06:00:00"}, "starts_at"),
        ({"starts_at": None}, "starts_at"),
        ({"ends_at": "2026-01-31T06:00:00Z"}, "ends_at"),
        ({"weekdays": [0]}, "weekdays[0]"),
        ({"weekdays": [True]}, "weekdays[0]"),
        ({"weekdays": "friday"}, "weekdays"),
        ({"month_days": [32]}, "month_days[0]"),
        ({"percent_bp": 10_001}, "percent_bp"),
        ({"percent_bp": "15"}, "percent_bp"),
        ({"percent_bp": None}, "percent_bp"),
        ({"amount": {"amount": "5.00", "currency": "MXN"}}, "percent_bp"),
        ({"amount": {"amount": "-5.00", "currency": "MXN"}}, "amount"),
        ({"priority": 10**9}, "priority"),
        ({"is_exclusive": "yes"}, "is_exclusive"),
        ({"is_exclusive": True, "stack_group": "a"}, "stack_group"),
        ({"stack_group": "ÑANDÚ"}, "stack_group"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(api, category, changes, field):
    discount = make_discount(category)
    book = rule_book()

    created = api.post(URL, body(category, **changes), format="json")
    changed = api.patch(url(discount), body(category, **changes), format="json")

    for response in (created, changed):
        assert response.status_code == 400, response.data
        assert field in {error["field"] for error in response.json()["errors"]}
    assert rule_book() is book
    assert Discount.objects.get().version == 1


def test_another_departments_category_does_not_exist_and_its_discounts_neither(api, category):
    foreign = CategoryFactory.create()
    discount, mine = make_discount(foreign), make_discount(category)

    refused = api.post(URL, body(foreign), format="json")
    moved = api.patch(url(mine), {"category": str(foreign.pk)}, format="json")

    for response in (refused, moved):
        assert [(e["field"], e["code"]) for e in response.json()["errors"]] == [("category", "does_not_exist")]
    assert [api.get(url(discount)).status_code, api.delete(url(discount)).status_code] == [404, 404]
    assert api.patch(url(discount), {"name": "X"}, format="json").status_code == 404
    assert [row["id"] for row in api.get(URL).json()["results"]] == [str(mine.pk)]
    assert Discount.objects.count() == 2


def test_reading_is_not_writing(api, category):
    discount = make_discount(category)
    reader = DepartmentMemberFactory.create(department=category.department, keys=["promotions:read"]).user
    api.force_authenticate(reader)

    assert api.get(url(discount)).status_code == 200
    assert api.patch(url(discount), {"name": "X"}, format="json").status_code == 403
    assert api.post(URL, body(category), format="json").status_code == 403
    other = DepartmentMemberFactory.create(
        department=category.department, keys=[key for key in KEYS if not key.startswith("promotions")]
    ).user
    api.force_authenticate(other)
    assert api.get(URL).status_code == 403


def test_the_list_is_filtered_and_costs_the_same_for_many(api, category, django_assert_max_num_queries):
    gold = make_discount(category, tier="gold")
    off = make_discount(category, is_active=False)
    for _ in range(8):
        make_discount(category)

    with django_assert_max_num_queries(6):
        rows = api.get(URL).json()["results"]

    assert len(rows) == 10
    assert [row["id"] for row in api.get(URL, {"tier": "gold"}).json()["results"]] == [str(gold.pk)]
    assert [row["id"] for row in api.get(URL, {"is_active": "false"}).json()["results"]] == [str(off.pk)]
    assert api.get(URL, {"category": str(uuid7())}).json()["results"] == []
    assert api.get(URL, {"fields": "id"}).json()["results"][0].keys() == {"id"}
