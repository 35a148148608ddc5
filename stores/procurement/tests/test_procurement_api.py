"""Suppliers, price lists and purchase orders through HTTP."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from pypdf import PdfReader

from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.inventory.models import StockItem
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.procurement.models import (
    GoodsReceipt,
    PurchaseOrder,
    PurchaseOrderLine,
    ReplenishmentSuggestion,
    Supplier,
    SupplierPrice,
)
from stores.procurement.replenishment import refresh_suggestions
from users.staff.tests.factories import DepartmentFactory

from .factories import SupplierFactory, drafted, placed, supplier_of

pytestmark = pytest.mark.django_db
SUPPLIERS = "/api/v1/procurement/suppliers/"
ORDERS = "/api/v1/procurement/purchase-orders/"
REPLENISHMENT = "/api/v1/inventory/replenishment/"
KEYS = ("procurement:write",)


def state() -> list[Any]:
    return [
        *Supplier.objects.order_by("pk").values_list(),
        *SupplierPrice.objects.order_by("pk").values_list(),
        *PurchaseOrder.objects.order_by("pk").values_list(),
        *PurchaseOrderLine.objects.order_by("pk").values_list(),
        *StockItem.objects.order_by("pk").values_list("pk", "on_hand", "allocated"),
        ReplenishmentSuggestion.objects.count(),
    ]


@pytest.fixture
def buyer(api, clerk_of):
    """Signs the client in as somebody who orders for the variant's department."""

    def sign_in(variant, keys=KEYS):
        api.force_authenticate(clerk_of(variant.product.category.department, keys=keys))
        return api

    return sign_in


def receipt(order, quantity: int) -> dict[str, Any]:
    return {"lines": [{"line": str(order.lines.get().pk), "quantity": quantity}], "delivery_note": "R-1"}


def test_a_supplier_is_added_changed_and_taken_out_of_use(api, clerk_of):
    department = DepartmentFactory()
    api.force_authenticate(clerk_of(department, keys=KEYS))
    body = {
        "name": "Abarrotes del Centro",
        "department": str(department.pk),
        "currency": "MXN",
        "auto_order_limit": {"amount": "200.50", "currency": "MXN"},
    }

    made = api.post(SUPPLIERS, body, format="json")
    url = f"{SUPPLIERS}{made.json()['id']}/"
    changed = api.patch(url, {"over_receipt_bp": 500}, format="json", HTTP_IF_MATCH=made["ETag"])
    stale = api.patch(url, {"over_receipt_bp": 900}, format="json", HTTP_IF_MATCH=made["ETag"])

    assert made.status_code == 201, made.json()
    assert (changed.status_code, changed.json()["over_receipt_bp"]) == (200, 500)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert changed.json()["auto_order_limit"] == {"amount": "200.50", "currency": "MXN"}
    assert api.delete(url, HTTP_IF_MATCH=changed["ETag"]).status_code == 204
    assert api.get(SUPPLIERS).json()["results"] == []
    assert Supplier.objects.get().over_receipt_bp == 500


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"department": None}, 400, "invalid"),
        ({"currency": "XXX"}, 400, "invalid"),
        ({"currency": 1}, 400, "invalid"),
        ({"name": ""}, 400, "invalid"),
        ({"over_receipt_bp": 10_001}, 400, "invalid"),
        ({"lead_time_days": 366}, 400, "invalid"),
        ({"lead_time_days": -1}, 400, "invalid"),
        ({"language": "xx"}, 400, "invalid"),
        ({"auto_order_limit": {"amount": "0.00", "currency": "MXN"}}, 400, "invalid"),
        ({"auto_order_limit": {"amount": "1.00", "currency": "USD"}}, 409, "currency_mismatch"),
    ],
)
def test_bad_suppliers_are_refused(api, clerk_of, changes, status, code):
    department = DepartmentFactory()
    api.force_authenticate(clerk_of(department, keys=KEYS))

    answer = api.post(SUPPLIERS, {"name": "X", "department": str(department.pk), "currency": "MXN"} | changes, "json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Supplier.objects.exists()


def test_a_supplier_of_both_or_of_somebody_else_is_refused(api, person, clerk_of):
    department, foreign = DepartmentFactory(), DepartmentFactory()
    merchant = person()
    home, other = StoreFactory(member=merchant), StoreFactory()
    body = {"name": "X", "currency": "MXN"}

    api.force_authenticate(clerk_of(department, keys=KEYS))
    assert api.post(SUPPLIERS, body | {"department": str(foreign.pk)}, format="json").status_code == 404
    both = api.post(SUPPLIERS, body | {"department": str(department.pk), "store": str(home.pk)}, format="json")
    assert both.status_code == 404
    api.force_authenticate(merchant)
    for given in ({"store": str(other.pk)}, {"department": str(department.pk)}):
        assert api.post(SUPPLIERS, body | given, format="json").status_code == 404
    assert not Supplier.objects.exists()
    assert api.post(SUPPLIERS, body | {"store": str(home.pk)}, format="json").status_code == 201


def test_whom_a_supplier_serves_does_not_change(buyer, clerk_of):
    variant = VariantFactory()
    supplier = supplier_of(variant)
    api = buyer(variant)

    for changes in ({"currency": "USD"}, {"department": str(DepartmentFactory().pk)}):
        answer = api.patch(f"{SUPPLIERS}{supplier.pk}/", changes, format="json")
        assert (answer.status_code, answer.json()["code"]) == (409, "supplier_fixed")


def test_a_price_list_is_kept(buyer):
    variant = VariantFactory()
    supplier = SupplierFactory(department=variant.product.category.department)
    api = buyer(variant)
    url = f"{SUPPLIERS}{supplier.pk}/prices/"
    body = {"variant": str(variant.pk), "cost": {"amount": "12.50", "currency": "MXN"}, "pack_size": 6}

    made = api.post(url, body, format="json")
    again = api.post(url, body | {"cost": {"amount": "12.00", "currency": "MXN"}}, format="json")
    changed = api.patch(f"{url}{made.json()['id']}/", {"least_qty": 12}, format="json")

    assert (made.status_code, again.json()["id"]) == (201, made.json()["id"])
    assert changed.json() | {"id": ""} == {
        "id": "",
        "variant": str(variant.pk),
        "sku": variant.sku,
        "product_name": variant.product.name,
        "supplier_sku": "",
        "cost": {"amount": "12.00", "currency": "MXN"},
        "pack_size": 6,
        "least_qty": 12,
        "is_preferred": False,
    }
    assert api.delete(f"{url}{made.json()['id']}/").status_code == 204
    assert api.get(url).json()["results"] == []


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"cost": {"amount": "1.00", "currency": "USD"}}, 409, "currency_mismatch"),
        ({"cost": {"amount": "-1.00", "currency": "MXN"}}, 400, "invalid"),
        ({"cost": "1.00"}, 400, "invalid"),
        ({"pack_size": 0}, 400, "invalid"),
        ({"least_qty": 1_000_001}, 400, "invalid"),
        ({"variant": "00000000-0000-0000-0000-000000000000"}, 409, "supplier_out_of_scope"),
        ({"variant": "x"}, 400, "invalid"),
    ],
)
def test_bad_prices_are_refused(buyer, changes, status, code):
    variant = VariantFactory()
    supplier = SupplierFactory(department=variant.product.category.department)
    body = {"variant": str(variant.pk), "cost": {"amount": "12.50", "currency": "MXN"}} | changes

    answer = buyer(variant).post(f"{SUPPLIERS}{supplier.pk}/prices/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not SupplierPrice.objects.exists()


def test_another_departments_variant_is_on_no_price_list(buyer):
    variant, foreign = VariantFactory(), VariantFactory()
    supplier = SupplierFactory(department=variant.product.category.department)
    body = {"variant": str(foreign.pk), "cost": {"amount": "12.50", "currency": "MXN"}}

    answer = buyer(variant).post(f"{SUPPLIERS}{supplier.pk}/prices/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "supplier_out_of_scope")


def test_an_order_goes_its_way(buyer):
    variant = VariantFactory()
    supplier = supplier_of(variant, 9_900)
    api = buyer(variant)
    body = {
        "supplier": str(supplier.pk),
        "store": str(variant.store_id),
        "lines": [{"variant": str(variant.pk), "quantity": 3}],
    }

    made = api.post(ORDERS, body, format="json")
    assert made.status_code == 201, made.json()
    url = f"{ORDERS}{made.json()['id']}/"
    changed = api.patch(
        url,
        {"lines": [{"variant": str(variant.pk), "quantity": 4}], "expected_on": "2026-12-24"},
        format="json",
        HTTP_IF_MATCH=made["ETag"],
    )
    placed_now = api.post(f"{url}place/", {}, format="json", HTTP_IF_MATCH=changed["ETag"])
    line = {"line": placed_now.json()["lines"][0]["id"]}
    part = {"lines": [line | {"quantity": 1}]}
    half = [api.post(f"{url}receive/", part, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    whole = api.post(f"{url}receive/", {"lines": [line | {"quantity": 3}]}, format="json", HTTP_IDEMPOTENCY_KEY="l")

    assert made.json()["total"] == {"amount": "297.00", "currency": "MXN"}
    assert (changed.json()["total"]["amount"], changed.json()["expected_on"]) == ("396.00", "2026-12-24")
    assert placed_now.json()["state"] == "placed"
    assert half[0].json() == half[1].json()
    assert (half[0].json()["state"], half[0].json()["lines"][0]["open_qty"]) == ("placed", 3)
    assert (whole.json()["state"], len(whole.json()["receipts"])) == ("received", 2)
    assert StockItem.objects.get().on_hand == 4
    assert GoodsReceipt.objects.count() == 2


def test_a_list_takes_the_same_statements_for_any_number(buyer, django_assert_max_num_queries):
    variant = VariantFactory()
    supplier = supplier_of(variant)
    for _ in range(6):
        placed(variant, 1, supplier=supplier)
    api = buyer(variant)

    with django_assert_max_num_queries(7):
        rows = api.get(ORDERS).json()["results"]

    assert len(rows) == 6
    assert api.get(ORDERS, {"state": "draft"}).json()["results"] == []


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("receive/", {"lines": []}, 400, "invalid"),
        ("receive/", {"lines": [{"line": str(uuid4()), "quantity": 1}]}, 400, "invalid"),
        ("receive/", {"lines": [{"line": "x", "quantity": 1}]}, 400, "invalid"),
        ("receive/", {"lines": "x"}, 400, "invalid"),
        ("receive/", {}, 400, "invalid"),
        ("place/", {}, 409, "purchase_order_state"),
        ("cancel/", {"reason": "x" * 201}, 400, "invalid"),
        ("cancel/", {"reason": 1}, 400, "invalid"),
    ],
)
def test_bad_steps_change_nothing(buyer, path, body, status, code):
    variant = VariantFactory()
    order = placed(variant)
    before = state()

    answer = buyer(variant).post(f"{ORDERS}{order.pk}/{path}", body, format="json", HTTP_IDEMPOTENCY_KEY="k")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert state() == before


@pytest.mark.parametrize("quantity", [0, -1, 1.5, "2", 11, 10**12])
def test_odd_quantities_change_nothing(buyer, quantity):
    variant = VariantFactory()
    order = placed(variant, 10)
    before = state()

    answer = buyer(variant).post(
        f"{ORDERS}{order.pk}/receive/", receipt(order, quantity), format="json", HTTP_IDEMPOTENCY_KEY="k"
    )

    assert answer.status_code == (409 if quantity == 11 else 400)
    assert state() == before


def test_over_receipt_says_what_may_come(buyer):
    variant = VariantFactory()
    order = placed(variant, 10)

    answer = (
        buyer(variant)
        .post(f"{ORDERS}{order.pk}/receive/", receipt(order, 12), format="json", HTTP_IDEMPOTENCY_KEY="k")
        .json()
    )

    line = {"line": str(order.lines.get().pk), "open": 10, "most": 10, "received": 12}
    assert (answer["code"], answer["lines"]) == ("over_receipt", [line])


def test_a_receipt_needs_a_key_and_a_fresh_version(buyer):
    variant = VariantFactory()
    order = placed(variant)
    api = buyer(variant)
    before = state()

    without = api.post(f"{ORDERS}{order.pk}/receive/", receipt(order, 1), format="json")
    stale = api.post(
        f"{ORDERS}{order.pk}/receive/",
        receipt(order, 1),
        format="json",
        HTTP_IDEMPOTENCY_KEY="k",
        HTTP_IF_MATCH='"1"',
    )

    assert (without.status_code, stale.status_code) == (400, 412)
    assert state() == before


def test_foreign_orders_and_suppliers_do_not_exist(api, clerk_of, person):
    variant = VariantFactory()
    order = placed(variant)
    supplier = order.supplier
    own_line = receipt(order, 1)
    before = state()
    strangers = [clerk_of(DepartmentFactory(), keys=KEYS), person(email="m@example.com")]
    StoreFactory(member=strangers[1])

    for stranger in strangers:
        api.force_authenticate(stranger)
        assert api.get(ORDERS).json()["results"] == []
        assert api.get(SUPPLIERS).json()["results"] == []
        answers = [
            api.get(f"{ORDERS}{order.pk}/"),
            api.get(f"{ORDERS}{order.pk}/document/"),
            api.patch(f"{ORDERS}{order.pk}/", {"note": "x"}, format="json"),
            api.post(f"{ORDERS}{order.pk}/place/", {}, format="json"),
            api.post(f"{ORDERS}{order.pk}/cancel/", {}, format="json"),
            api.post(f"{ORDERS}{order.pk}/receive/", own_line, format="json", HTTP_IDEMPOTENCY_KEY="k"),
            api.get(f"{SUPPLIERS}{supplier.pk}/"),
            api.get(f"{SUPPLIERS}{supplier.pk}/prices/"),
            api.delete(f"{SUPPLIERS}{supplier.pk}/"),
            api.post(ORDERS, {"supplier": str(supplier.pk), "store": str(variant.store_id)}, format="json"),
        ]
        assert {answer.status_code for answer in answers} == {404}
    assert state() == before


def test_a_stores_people_take_in_what_comes_to_their_store(api, person):
    merchant = person()
    variant = VariantFactory(product=ProductFactory(store=StoreFactory(member=merchant)))
    order, elsewhere = placed(variant, 5), placed(VariantFactory(), 5)
    api.force_authenticate(merchant)

    came = api.post(f"{ORDERS}{order.pk}/receive/", receipt(order, 5), format="json", HTTP_IDEMPOTENCY_KEY="k")

    assert came.json()["state"] == "received"
    assert [row["id"] for row in api.get(ORDERS).json()["results"]] == [str(order.pk)]
    assert api.get(f"{ORDERS}{elsewhere.pk}/").status_code == 404
    assert api.get(f"{SUPPLIERS}{order.supplier_id}/").status_code == 404


def test_readers_write_nothing(buyer):
    variant = VariantFactory()
    order = drafted(variant)
    api = buyer(variant, keys=("procurement:read",))

    assert api.get(f"{ORDERS}{order.pk}/").status_code == 200
    assert api.post(f"{ORDERS}{order.pk}/place/", {}, format="json").status_code == 403
    assert api.post(f"{REPLENISHMENT}order/", {}, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 403
    order.refresh_from_db()
    assert order.state == "draft"


def test_the_document_is_in_the_suppliers_language_and_runs_no_formula(buyer):
    variant = VariantFactory(sku='=HYPERLINK("x")', product__name="@SUM(A1)")
    order = placed(variant, 3, supplier=supplier_of(variant, 9_900, language="es", name="+Proveedora"))
    api = buyer(variant)

    pdf = api.get(f"{ORDERS}{order.pk}/document/", HTTP_ACCEPT_LANGUAGE="en")
    xlsx = api.get(f"{ORDERS}{order.pk}/document/", {"as": "xlsx"})

    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    page = load_workbook(io.BytesIO(xlsx.content)).active
    assert page is not None
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    cells = [cell for row in page.iter_rows() for cell in row]
    assert f"Orden de compra {order.number}" in text
    assert (pdf["Content-Type"], pdf["Content-Language"]) == ("application/pdf", "es")
    assert order.number in pdf["Content-Disposition"]
    assert ['\'=HYPERLINK("x")', None, "'@SUM(A1)", 3, 120, 360] in rows
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert api.get(f"{ORDERS}{order.pk}/document/", {"as": "docx"}).status_code == 400


def test_a_name_with_control_characters_can_still_be_taken_away(buyer):
    variant = VariantFactory(product__name="Plato\x0b\x01hondo")
    order = placed(variant, 3)
    PurchaseOrder.objects.filter(pk=order.pk).update(note="\x02")
    api = buyer(variant)

    answers = [api.get(f"{ORDERS}{order.pk}/document/", {"as": kind}) for kind in ("pdf", "xlsx")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert load_workbook(io.BytesIO(answers[1].content)).active is not None


@pytest.mark.parametrize("verb", ["", "place/", "receive/", "cancel/"])
def test_whoever_is_late_sees_the_order_as_it_is_now(buyer, verb):
    variant = VariantFactory()
    order = placed(variant, 3)
    api = buyer(variant)
    before = state()
    bodies: dict[str, Any] = {"receive/": {"lines": [{"line": str(order.lines.get().pk), "quantity": 1}]}}
    send = api.post if verb else api.patch

    answer = send(
        f"{ORDERS}{order.pk}/{verb}",
        bodies.get(verb, {}),
        format="json",
        headers={"If-Match": '"99"', "Idempotency-Key": "k"},
    )

    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert (answer.json()["expected_version"], answer.json()["current"]["number"]) == (99, order.number)
    assert state() == before


def short(variant, quantity: int = 5) -> StockItem:
    return stocked(variant, 0, reorder_point=quantity)


def test_suggestions_come_with_their_figures(buyer, django_assert_max_num_queries):
    variant = VariantFactory()
    item = short(variant)
    supplier = supplier_of(variant, 9_900, lead_time_days=3)
    short(VariantFactory())
    refresh_suggestions(at=timezone.now())
    api = buyer(variant, keys=("procurement:read",))

    with django_assert_max_num_queries(5):
        [row] = api.get(REPLENISHMENT).json()["results"]

    assert (row["stock_item"], row["supplier"], row["quantity"]) == (str(item.pk), str(supplier.pk), 5)
    assert (row["available"], row["incoming"], row["sold_per_day"], row["lead_time_days"]) == (0, 0, "0.000", 3)
    assert row["unit_cost"] == {"amount": "99.00", "currency": "MXN"}


def test_one_action_drafts_what_is_within_reach(buyer):
    variant, foreign = VariantFactory(), VariantFactory()
    short(variant)
    short(foreign)
    supplier_of(variant)
    supplier_of(foreign)
    refresh_suggestions(at=timezone.now())
    api = buyer(variant)

    answers = [api.post(f"{REPLENISHMENT}order/", {}, format="json", HTTP_IDEMPOTENCY_KEY="k") for _ in range(2)]
    after = api.post(f"{REPLENISHMENT}order/", {}, format="json", HTTP_IDEMPOTENCY_KEY="l")

    assert [answer.status_code for answer in answers] == [201, 201]
    [order] = answers[0].json()["orders"]
    assert (order["state"], order["origin"], order["lines"][0]["quantity"]) == ("draft", "suggested", 5)
    assert (after.status_code, after.json()["code"]) == (409, "nothing_to_order")
    assert PurchaseOrder.objects.count() == 1
    assert ReplenishmentSuggestion.objects.count() == 1


def test_a_foreign_suggestion_cannot_be_chosen(buyer):
    variant, foreign = VariantFactory(), VariantFactory()
    mine, other = short(variant), short(foreign)
    supplier_of(variant)
    supplier_of(foreign)
    refresh_suggestions(at=timezone.now())
    api = buyer(variant)
    before = state()

    for chosen, status in (([mine.pk, other.pk], 409), ([], 400), (["x"], 400)):
        answer = api.post(
            f"{REPLENISHMENT}order/",
            {"stock_items": [str(pk) for pk in chosen]},
            format="json",
            HTTP_IDEMPOTENCY_KEY="k",
        )
        assert answer.status_code == status
    assert state() == before
