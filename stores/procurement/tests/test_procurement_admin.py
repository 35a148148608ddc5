"""Suppliers, orders and the board in the back office: through the same services, within reach only."""

from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from stores.catalog.tests.factories import VariantFactory
from stores.inventory.models import StockItem
from stores.inventory.tests.factories import stocked
from stores.procurement.models import PurchaseOrder, ReplenishmentSuggestion, Supplier
from stores.procurement.replenishment import refresh_suggestions
from users.staff.tests.factories import DepartmentFactory

from .factories import SupplierFactory, drafted, placed, supplier_of

pytestmark = pytest.mark.django_db
KEYS = ("procurement:write",)
MODELS = ("supplier", "purchaseorder", "goodsreceipt", "replenishmentsuggestion")


def page(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:stores_{model}_{name}", args=args)


def dialog(order: PurchaseOrder, name: str) -> str:
    return f"{page('purchaseorder', 'change', order.pk).removesuffix('change/')}{name}/"


def inline(prefix: str, *rows: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    management = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    return management | {f"{prefix}-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


@pytest.fixture
def buyer(client, clerk_of):
    def sign_in(department, keys=KEYS):
        client.force_login(clerk_of(department, keys=keys))
        return client

    return sign_in


def department_of(variant):
    return variant.product.category.department


def test_pages_open_with_a_key_and_do_not_exist_without(buyer):
    variant = VariantFactory()
    stocked(variant, 0, reorder_point=5)
    order = placed(variant, 10)
    refresh_suggestions(at=timezone.now())
    pages = [page(model, "changelist") for model in MODELS]
    pages += [page("supplier", "change", order.supplier_id), page("purchaseorder", "change", order.pk)]

    client = buyer(department_of(variant))
    assert {client.get(each).status_code for each in pages} == {200}
    assert client.get(page("purchaseorder", "add")).status_code == 200
    assert client.get(page("supplier", "add")).status_code == 200
    client = buyer(department_of(variant), keys=("catalog:write",))
    assert {client.get(each).status_code for each in pages} == {403}
    assert "purchaseorder" not in client.get(reverse("admin:index")).content.decode()


def test_another_departments_rows_are_absent(buyer):
    mine, foreign = VariantFactory(), VariantFactory()
    own, other = placed(mine), placed(foreign)
    client = buyer(department_of(mine))

    orders = client.get(page("purchaseorder", "changelist")).context["cl"].result_list
    suppliers = client.get(page("supplier", "changelist")).context["cl"].result_list
    lookup = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "stores", "model_name": "supplierprice", "field_name": "variant", "term": ""},
    ).json()["results"]

    assert [row.pk for row in orders] == [own.pk]
    assert [row.pk for row in suppliers] == [own.supplier_id]
    assert [row["id"] for row in lookup] == [str(mine.pk)]
    assert client.get(page("purchaseorder", "change", other.pk)).status_code == 302
    for name in ("place", "receive", "cancel", "as_pdf"):
        assert client.get(dialog(other, name)).status_code in {403, 404}
    action = {"action": "archive", "_selected_action": [other.supplier_id]}
    client.post(page("supplier", "changelist"), action)
    assert Supplier.objects.get(pk=other.supplier_id).archived_at is None


def test_a_supplier_with_its_price_list_is_written(buyer):
    variant = VariantFactory()
    client = buyer(department_of(variant))
    form = {
        "name": "Abarrotes",
        "department": department_of(variant).pk,
        "store": "",
        "currency": "MXN",
        "language": "es",
        "lead_time_days": 5,
        "over_receipt_bp": 0,
        "auto_order_limit": "1500.50",
    }
    price = {"variant": variant.pk, "cost": "12.5", "pack_size": 6, "least_qty": 1}

    answer = client.post(page("supplier", "add"), form | inline("prices", price))

    assert answer.status_code == 302, answer.context["errors"]
    supplier = Supplier.objects.get()
    assert (supplier.auto_order_limit_minor, supplier.lead_time_days) == (150_050, 5)
    assert (supplier.prices.get().cost_minor, supplier.prices.get().pack_size) == (1_250, 6)
    changed = {"name": "Abarrotes", "language": "es", "lead_time_days": 9, "over_receipt_bp": 0, "expected_version": 1}
    line = {"id": supplier.prices.get().pk, "cost": "12", "pack_size": 6, "least_qty": 1}
    url = page("supplier", "change", supplier.pk)
    assert client.post(url, changed | inline("prices", line, initial=1)).status_code == 302
    stale = client.post(url, changed | {"lead_time_days": 2} | inline("prices", line, initial=1))
    supplier.refresh_from_db()
    assert (supplier.lead_time_days, supplier.auto_order_limit_minor) == (9, None)
    assert (supplier.prices.get().cost_minor, stale.status_code) == (1_200, 200)


@pytest.mark.parametrize(
    "changes", [{"department": ""}, {"auto_order_limit": "0"}, {"auto_order_limit": "1.234"}, {"currency": "XXX"}]
)
def test_a_supplier_that_cannot_be_is_shown_again(buyer, changes):
    department = DepartmentFactory()
    client = buyer(department)
    form = {"name": "X", "department": department.pk, "currency": "MXN", "language": "es", "lead_time_days": 5}

    answer = client.post(page("supplier", "add"), form | {"over_receipt_bp": 0} | changes | inline("prices"))

    assert answer.status_code == 200
    assert not Supplier.objects.exists()


def test_nobody_gives_a_supplier_to_a_foreign_department(buyer):
    client = buyer(DepartmentFactory())
    form = {"name": "X", "department": DepartmentFactory().pk, "currency": "MXN", "language": "es"}

    answer = client.post(page("supplier", "add"), form | {"lead_time_days": 5, "over_receipt_bp": 0} | inline("prices"))

    assert answer.status_code == 200
    assert not Supplier.objects.exists()


def test_an_order_is_drafted_changed_placed_and_received(buyer):
    variant = VariantFactory()
    supplier = supplier_of(variant, 9_900)
    client = buyer(department_of(variant))
    form = {"supplier": supplier.pk, "store": variant.store_id, "note": "", "expected_on": ""}
    receipts = inline("receipts")

    made = client.post(
        page("purchaseorder", "add"),
        form | inline("lines", {"variant": variant.pk, "quantity": 10}) | receipts,
    )
    assert made.status_code == 302, made.context["errors"]
    order = PurchaseOrder.objects.get()
    line = order.lines.get()
    assert (line.quantity, line.unit_cost_minor) == (10, 9_900)
    changed = client.post(
        page("purchaseorder", "change", order.pk),
        {"note": "con factura", "expected_on": "", "expected_version": order.version}
        | inline("lines", {"id": line.pk, "variant": variant.pk, "quantity": 12, "unit_cost": "98.5"}, initial=1)
        | receipts,
    )
    assert changed.status_code == 302, changed.context["errors"]
    client.post(dialog(order, "place"), {"_form_submitted": "on"})
    order.refresh_from_db()
    line = order.lines.get()
    assert (order.note, order.state, line.quantity, line.unit_cost_minor) == ("con factura", "placed", 12, 9_850)

    shown = client.get(dialog(order, "receive")).content.decode()
    assert variant.sku in shown
    filled = {"_form_submitted": "on", "idem_key": uuid4(), f"line_{line.pk}": 5, "delivery_note": "R-1"}
    for _ in range(2):
        came = client.post(dialog(order, "receive"), filled)
    order.refresh_from_db()
    assert came.headers["HX-Redirect"] == page("purchaseorder", "change", order.pk)
    assert (order.state, StockItem.objects.get().on_hand) == ("placed", 5)
    too_much = filled | {"idem_key": uuid4(), f"line_{line.pk}": 8}
    client.post(dialog(order, "receive"), too_much)
    assert StockItem.objects.get().on_hand == 5
    assert f"5 × {variant.sku}" in client.get(page("purchaseorder", "change", order.pk)).content.decode()
    client.post(dialog(order, "cancel"), {"_form_submitted": "on", "reason": "ya no"})
    order.refresh_from_db()
    assert (order.state, order.cancel_reason) == ("cancelled", "ya no")


def test_a_placed_order_cannot_be_edited_and_readers_do_nothing(buyer):
    variant = VariantFactory()
    order, draft = placed(variant, 10), drafted(variant, 3)
    client = buyer(department_of(variant))

    refused = client.post(page("purchaseorder", "change", order.pk), {"note": "x"} | inline("lines"))
    assert refused.status_code == 403
    assert client.post(dialog(order, "place"), {"_form_submitted": "on"}).status_code == 403
    client = buyer(department_of(variant), keys=("procurement:read",))
    for target, name in ((draft, "place"), (order, "receive"), (order, "cancel")):
        assert client.post(dialog(target, name), {"_form_submitted": "on"}).status_code == 403
    assert client.get(page("purchaseorder", "change", order.pk)).status_code == 200
    order.refresh_from_db()
    draft.refresh_from_db()
    assert (order.state, order.note, draft.state) == ("placed", "", "draft")


def test_documents_are_a_click_away(buyer):
    variant = VariantFactory()
    order = placed(variant)
    client = buyer(department_of(variant), keys=("procurement:read",))

    pdf, xlsx = (client.get(dialog(order, name)) for name in ("as_pdf", "as_xlsx"))

    assert (pdf.content[:4], xlsx.content[:2]) == (b"%PDF", b"PK")


def test_the_board_drafts_what_is_chosen(buyer):
    variant, foreign = VariantFactory(), VariantFactory()
    items = [stocked(each, 0, reorder_point=5) for each in (variant, foreign)]
    supplier_of(variant)
    supplier_of(foreign)
    refresh_suggestions(at=timezone.now())
    client = buyer(department_of(variant))
    board = page("replenishmentsuggestion", "changelist")

    shown = client.get(board)
    client.post(board, {"action": "make_drafts", "_selected_action": [item.pk for item in items]})

    order = PurchaseOrder.objects.get()
    assert variant.sku in shown.context["chart"]
    assert foreign.sku not in shown.context["chart"]
    assert (order.state, order.lines.get().variant) == ("draft", variant)
    assert list(ReplenishmentSuggestion.objects.values_list("pk", flat=True)) == [items[1].pk]


def test_the_board_says_what_it_cannot_order(buyer):
    variant = VariantFactory()
    item = stocked(variant, 0, reorder_point=5)
    refresh_suggestions(at=timezone.now())
    client = buyer(department_of(variant))
    board = page("replenishmentsuggestion", "changelist")

    answer = client.post(board, {"action": "make_drafts", "_selected_action": [item.pk]}, follow=True)

    assert "There is nothing to order." in answer.content.decode()
    assert not PurchaseOrder.objects.exists()


def test_archiving_suppliers(buyer):
    department = DepartmentFactory()
    supplier = SupplierFactory(department=department)
    client = buyer(department)

    client.post(page("supplier", "changelist"), {"action": "archive", "_selected_action": [supplier.pk]})

    supplier.refresh_from_db()
    assert supplier.archived_at is not None
