"""Stock and movements through HTTP."""

from typing import Any

import pytest

from stores.catalog.tests.factories import VariantFactory
from stores.contracts import StockLine
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.services import reserve_stock
from stores.merchants.tests.factories import StoreFactory
from users.staff.tests.factories import DepartmentFactory

from .factories import stocked

pytestmark = pytest.mark.django_db
STOCK = "/api/v1/inventory/stock/"
MOVEMENTS = "/api/v1/inventory/movements/"


def body(variant, **changes) -> dict[Any, Any]:
    return {"variant": str(variant.pk), "store": str(variant.store_id), "kind": "receive", "quantity": 5} | changes


def state() -> list[Any]:
    return [*StockItem.objects.values_list("pk", "on_hand", "allocated"), StockMovement.objects.count()]


def test_goods_come_in_once_per_key(api, clerk_of):
    variant = VariantFactory()
    api.force_authenticate(clerk_of(variant.product.category.department))

    answers = [api.post(MOVEMENTS, body(variant), format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    other = api.post(MOVEMENTS, body(variant, quantity=6), format="json", HTTP_IDEMPOTENCY_KEY="k")
    without = api.post(MOVEMENTS, body(variant), format="json")

    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["on_hand_after"] == 5
    assert (other.status_code, without.status_code) == (422, 400)
    assert StockItem.objects.get().on_hand == 5


def test_merchant_moves_stock_of_their_store(api, person):
    merchant = person()
    variant = VariantFactory(product__store=StoreFactory(member=merchant))
    api.force_authenticate(merchant)
    kinds = [("receive", 10), ("reserve", 4), ("release", 1), ("sale", 2), ("adjust", -1)]

    for number, (kind, quantity) in enumerate(kinds):
        answer = api.post(
            MOVEMENTS,
            body(variant, kind=kind, quantity=quantity, reason="recuento"),
            format="json",
            HTTP_IDEMPOTENCY_KEY=str(number),
        )
        assert answer.status_code == 201, answer.json()

    item = api.get(STOCK).json()["results"][0]
    assert (item["on_hand"], item["allocated"], item["available"]) == (7, 3, 4)
    assert [row["kind"] for row in api.get(MOVEMENTS).json()["results"]] == [kind for kind, _ in reversed(kinds)]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"kind": "steal"}, 400, "invalid"),
        ({"kind": 1}, 400, "invalid"),
        ({"quantity": 0}, 400, "invalid"),
        ({"quantity": -1}, 400, "invalid"),
        ({"quantity": 1.5}, 400, "invalid"),
        ({"quantity": "5"}, 400, "invalid"),
        ({"quantity": 1_000_001}, 400, "invalid"),
        ({"kind": "adjust", "quantity": 0, "reason": "x"}, 400, "invalid"),
        ({"kind": "adjust", "quantity": 1}, 400, "invalid"),
        ({"kind": "adjust", "quantity": 1, "reason": "x" * 201}, 400, "invalid"),
        ({"kind": "adjust", "quantity": -11, "reason": "x"}, 409, "insufficient_stock"),
        ({"kind": "sale", "quantity": 11}, 409, "insufficient_stock"),
        ({"kind": "reserve", "quantity": 11}, 409, "insufficient_stock"),
        ({"kind": "release", "quantity": 1}, 409, "insufficient_stock"),
        ({"kind": "sale", "quantity": 1, "was_reserved": True}, 409, "insufficient_stock"),
        ({"variant": "x"}, 400, "invalid"),
        ({"variant": "00000000-0000-0000-0000-000000000000"}, 404, "not_found"),
        ({"store": "00000000-0000-0000-0000-000000000000"}, 404, "not_found"),
    ],
)
def test_bad_movements_change_nothing(api, administrator, changes, status, code):
    variant = VariantFactory()
    stocked(variant, 10)
    api.force_authenticate(administrator)
    before = state()

    answer = api.post(MOVEMENTS, body(variant) | changes, format="json", HTTP_IDEMPOTENCY_KEY="k")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state() == before


def test_shortage_says_what_is_there(api, administrator):
    variant = VariantFactory()
    item = stocked(variant, 10)
    reserve_stock(lines=[StockLine(variant.pk, variant.store_id, 7)], idem_key="promo")
    api.force_authenticate(administrator)

    answer = api.post(MOVEMENTS, body(variant, kind="sale", quantity=4), format="json", HTTP_IDEMPOTENCY_KEY="k").json()

    assert (answer["variant"], answer["requested"], answer["available"]) == (str(item.variant_id), 4, 3)


def test_foreign_department_does_not_exist(api, clerk_of):
    item = stocked(VariantFactory(), 10)
    movement = StockMovement.objects.get()
    api.force_authenticate(clerk_of(DepartmentFactory()))
    before = state()

    answers = [
        api.get(f"{STOCK}{item.pk}/"),
        api.patch(f"{STOCK}{item.pk}/", {"reorder_point": 3}, format="json"),
        api.get(f"{MOVEMENTS}{movement.pk}/"),
        api.post(MOVEMENTS, body(item.variant), format="json", HTTP_IDEMPOTENCY_KEY="k"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 4
    assert api.get(STOCK).json()["results"] == []
    assert api.get(MOVEMENTS).json()["results"] == []
    assert state() == before


@pytest.mark.parametrize("path", [STOCK, MOVEMENTS])
def test_stock_is_not_for_customers(api, person, path):
    assert api.get(path).status_code == 401
    api.force_authenticate(person())
    assert api.get(path).status_code == 403


def test_reader_reads_and_does_not_write(api, clerk_of):
    item = stocked(VariantFactory(), 10)
    api.force_authenticate(clerk_of(item.variant.product.category.department, keys=("inventory:read",)))

    assert api.get(f"{STOCK}{item.pk}/").status_code == 200
    assert api.patch(f"{STOCK}{item.pk}/", {"reorder_point": 3}, format="json").status_code == 403
    refused = api.post(MOVEMENTS, body(item.variant), format="json", HTTP_IDEMPOTENCY_KEY="k")
    assert refused.status_code == 403


def test_reorder_rule_is_set_and_counters_are_not(api, administrator):
    item = stocked(VariantFactory(), 10)
    api.force_authenticate(administrator)

    answer = api.patch(f"{STOCK}{item.pk}/", {"reorder_point": 12, "reorder_qty": 20, "on_hand": 99}, format="json")

    assert answer.status_code == 200
    assert (answer.json()["reorder_point"], answer.json()["reorder_qty"], answer.json()["on_hand"]) == (12, 20, 10)
    assert len(api.get(f"{STOCK}?low=true").json()["results"]) == 1
    assert api.patch(f"{STOCK}{item.pk}/", {"reorder_point": -1}, format="json").status_code == 400


@pytest.mark.parametrize("path", [STOCK, MOVEMENTS])
def test_lists_cost_the_same_whatever_the_page(api, administrator, django_assert_max_num_queries, path):
    for _ in range(12):
        stocked(VariantFactory(), 10)
    api.force_authenticate(administrator)

    with django_assert_max_num_queries(2):
        answer = api.get(path)

    assert len(answer.json()["results"]) == 12


@pytest.mark.parametrize("path", [f"{MOVEMENTS}{10**30}/", f"{MOVEMENTS}x/", f"{STOCK}1/"])
def test_odd_ids_are_not_found(api, administrator, path):
    api.force_authenticate(administrator)

    assert api.get(path).status_code == 404


@pytest.mark.parametrize(("kind", "quantity"), [("receive", 2), ("reserve", 2), ("release", 1), ("adjust", -2)])
def test_only_a_sale_can_have_been_reserved(api, administrator, kind, quantity):
    variant = VariantFactory()
    stocked(variant, 10)
    api.force_authenticate(administrator)
    before = state()

    movement = body(variant, kind=kind, quantity=quantity, reason="count", was_reserved=True)
    answer = api.post(MOVEMENTS, movement, format="json", HTTP_IDEMPOTENCY_KEY="k")

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "was_reserved"
    assert state() == before
