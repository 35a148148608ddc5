"""Purchase orders: drafted, placed, received in parts, cancelled; what is refused changes nothing."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.core.errors import DomainError, InvalidInputError, NotFoundError, StaleError
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.procurement import services
from stores.procurement.errors import (
    EmptyOrderError,
    OrderStateError,
    OutOfSupplyError,
    OverReceiptError,
    ReceiptKeyReusedError,
    SupplierArchivedError,
)
from stores.procurement.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, PurchaseOrderLine
from stores.procurement.services.orders import LineWanted
from stores.procurement.services.receipts import LineReceived
from stores.procurement.states import TRANSITIONS

from .factories import SupplierFactory, drafted, placed, supplier_of

pytestmark = pytest.mark.django_db


def receive(order: PurchaseOrder, quantity: int, key: str = "delivery", **options: Any) -> GoodsReceipt:
    line = options.pop("line", None) or order.lines.get()
    return services.receive_goods(
        order_id=order.pk,
        lines=[LineReceived(line.pk, quantity)],
        idem_key=key,
        at=timezone.now(),
        actor_id=None,
        **options,
    )


def everything() -> list[Any]:
    return [
        *PurchaseOrder.objects.order_by("pk").values_list("pk", "state", "version"),
        *PurchaseOrderLine.objects.order_by("pk").values_list("pk", "quantity", "received_qty", "unit_cost_minor"),
        *StockItem.objects.order_by("pk").values_list("pk", "on_hand", "allocated"),
        GoodsReceipt.objects.count(),
        StockMovement.objects.count(),
        OutboxEvent.objects.count(),
    ]


def test_costs_and_names_come_from_the_price_list_and_the_catalogue():
    variant = VariantFactory(product__name="Plato", options={"color": "azul"})
    supplier = supplier_of(variant, 9_900, price={"supplier_sku": "P-1"})

    order = services.draft_order(
        supplier=supplier, store=variant.store, lines=[LineWanted(variant.pk, 3)], actor_id=None, note="Antes de mayo"
    )

    line = order.lines.get()
    assert (line.sku, line.name, line.supplier_sku) == (variant.sku, "Plato (azul)", "P-1")
    assert (line.quantity, line.unit_cost_minor, line.received_qty) == (3, 9_900, 0)
    assert order.total == Money(29_700, "MXN")
    assert order.number.startswith("PO-")
    assert (order.state, order.origin, order.note) == ("draft", "manual", "Antes de mayo")


@pytest.mark.parametrize(
    ("refusal", "wish"),
    [
        (InvalidInputError, lambda own: [LineWanted(own.pk, 1), LineWanted(own.pk, 2)]),
        (InvalidInputError, lambda own: [LineWanted(own.pk, 0)]),
        (InvalidInputError, lambda own: [LineWanted(own.pk, 1_000_001)]),
        (InvalidInputError, lambda own: [LineWanted(own.pk, 1_000_000, Money(10**13, "MXN"))]),
        (InvalidInputError, lambda own: [LineWanted(VariantFactory(product=own.product).pk, 1)]),  # not on the list
        (CurrencyMismatchError, lambda own: [LineWanted(own.pk, 1, Money(1, "USD"))]),
        (OutOfSupplyError, lambda own: [LineWanted(VariantFactory(product__store=own.store).pk, 1)]),
        (OutOfSupplyError, lambda own: [LineWanted(VariantFactory(product__category=own.product.category).pk, 1)]),
    ],
)
def test_lines_that_cannot_be_are_refused_and_nothing_is_written(refusal, wish):
    variant = VariantFactory()
    supplier = supplier_of(variant)
    lines = wish(variant)

    with pytest.raises(refusal):
        services.draft_order(supplier=supplier, store=variant.store, lines=lines, actor_id=None)

    assert not PurchaseOrder.objects.exists()


def test_a_stores_supplier_delivers_to_that_store_only():
    home = StoreFactory()
    supplier = SupplierFactory(store=home)
    foreign = VariantFactory()
    own = VariantFactory(product=ProductFactory(store=home))

    with pytest.raises(OutOfSupplyError):
        services.draft_order(supplier=supplier, store=foreign.store, lines=[], actor_id=None)
    order = services.draft_order(
        supplier=supplier, store=home, lines=[LineWanted(own.pk, 1, Money(5, "MXN"))], actor_id=None
    )

    assert order.store == home


def test_an_archived_supplier_gets_no_orders():
    variant = VariantFactory()
    supplier = supplier_of(variant)
    order = drafted(variant, supplier=supplier)
    services.archive_supplier(supplier=supplier, expected_version=None, at=timezone.now(), actor_id=None)
    before = everything()

    with pytest.raises(SupplierArchivedError):
        services.draft_order(supplier=supplier, store=variant.store, lines=[], actor_id=None)
    with pytest.raises(SupplierArchivedError):
        services.place_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None)

    assert everything() == before


def test_a_draft_changes_and_what_is_placed_does_not():
    variant = VariantFactory()
    order = drafted(variant, 10)

    changed = services.change_draft(
        order_id=order.pk,
        expected_version=1,
        changes={"note": "con factura"},
        lines=[LineWanted(variant.pk, 4)],
        actor_id=None,
    )
    with pytest.raises(StaleError):
        services.change_draft(order_id=order.pk, expected_version=1, lines=[], actor_id=None)
    services.place_order(order_id=order.pk, expected_version=2, at=timezone.now(), actor_id=None)
    before = everything()
    with pytest.raises(OrderStateError):
        services.change_draft(order_id=order.pk, expected_version=None, lines=[], actor_id=None)

    assert (changed.version, changed.note, changed.lines.get().quantity) == (2, "con factura", 4)
    assert everything() == before


def test_an_order_without_lines_is_not_placed():
    variant = VariantFactory()
    order = services.draft_order(supplier=supplier_of(variant), store=variant.store, lines=[], actor_id=None)

    with pytest.raises(EmptyOrderError):
        services.place_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None)

    order.refresh_from_db()
    assert order.state == "draft"


def test_placing_is_published():
    order = placed(VariantFactory())

    event = OutboxEvent.objects.get()
    assert event.wire_name == "stores.purchase_order_placed"
    assert (event.payload["purchase_order_id"], event.payload["is_automatic"]) == (str(order.pk), False)
    assert (order.state, order.version) == ("placed", 2)


def test_goods_come_in_by_parts_until_nothing_is_open():
    variant = VariantFactory(cost_minor=100)
    order = placed(variant, 10)

    first = receive(order, 4, "a")
    order.refresh_from_db()
    assert (order.state, order.lines.get().open_qty) == ("placed", 6)
    second = receive(order, 6, "b", delivery_note="R-77")

    order.refresh_from_db()
    item = StockItem.objects.get()
    variant.refresh_from_db()
    assert (order.state, order.received_at is not None, item.on_hand) == ("received", True, 10)
    assert variant.cost_minor == 12_000
    keys = list(StockMovement.objects.order_by("pk").values_list("idem_key", "cause"))
    assert keys == [(f"receipt:{receipt.pk}", f"order:{order.number}") for receipt in (first, second)]
    assert OutboxEvent.objects.order_by("-pk")[0].wire_name == "stores.purchase_order_received"


def test_several_lines_come_in_at_once():
    home = StoreFactory()
    supplier = SupplierFactory(store=home)
    variants = [VariantFactory(product=ProductFactory(store=home)) for _ in range(3)]
    lines = [LineWanted(variant.pk, 5, Money(700, "MXN")) for variant in variants]
    order = services.draft_order(supplier=supplier, store=home, lines=lines, actor_id=None)
    services.place_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None)

    receipt = services.receive_goods(
        order_id=order.pk,
        lines=[LineReceived(line.pk, 5) for line in order.lines.all()],
        idem_key="a",
        at=timezone.now(),
        actor_id=None,
    )

    order.refresh_from_db()
    assert (order.state, receipt.lines.count()) == ("received", 3)
    assert set(StockItem.objects.values_list("on_hand", flat=True)) == {5}


def test_the_same_receipt_twice_is_one():
    order = placed(VariantFactory(), 10)
    other = placed(VariantFactory(), 10)

    first = receive(order, 4)
    again = receive(order, 4, expected_version=2)

    assert first == again
    before = everything()
    for wrong in (lambda: receive(order, 5), lambda: receive(other, 4)):
        with pytest.raises(ReceiptKeyReusedError):
            wrong()
    assert everything() == before
    assert StockItem.objects.get().on_hand == 4


@pytest.mark.parametrize(("tolerance_bp", "most"), [(0, 10), (1_000, 11), (1_999, 11), (2_000, 12), (10_000, 20)])
def test_more_than_ordered_comes_in_only_within_the_tolerance(tolerance_bp, most):
    variant = VariantFactory()
    order = placed(variant, 10, supplier=supplier_of(variant, over_receipt_bp=tolerance_bp))
    receive(order, 3, "a")
    before = everything()

    with pytest.raises(OverReceiptError) as refused:
        receive(order, most - 2, "b")
    assert refused.value.params["most"] == most - 3
    assert everything() == before
    receive(order, most - 3, "b")

    order.refresh_from_db()
    assert (order.state, order.lines.get().received_qty) == ("received", most)
    assert StockItem.objects.get().on_hand == most


@pytest.mark.parametrize("quantity", [0, -1])
def test_a_receipt_of_nothing_is_refused(quantity):
    order = placed(VariantFactory())
    before = everything()

    with pytest.raises(InvalidInputError):
        receive(order, quantity)
    with pytest.raises(InvalidInputError):
        services.receive_goods(order_id=order.pk, lines=[], idem_key="a", at=timezone.now(), actor_id=None)
    with pytest.raises(InvalidInputError):
        receive(order, 1, line=placed(VariantFactory()).lines.get())
    with pytest.raises(StaleError):
        receive(order, 1, expected_version=1)

    assert everything()[0] == before[0]
    assert not GoodsReceipt.objects.exists()


def test_what_cannot_be_received_leaves_no_trace():
    """The stock item is full: the order, its lines and the cost stay as they were too."""
    variant = VariantFactory(cost_minor=100)
    stocked(variant, 999_999_999)
    order = placed(variant, 10)
    before = everything()

    with pytest.raises(DomainError):
        receive(order, 10)

    variant.refresh_from_db()
    assert everything() == before
    assert variant.cost_minor == 100


def test_cancelling_a_placed_order_keeps_what_came_in():
    order = placed(VariantFactory(), 10)
    receive(order, 4)

    services.cancel_order(
        order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None, reason="ya no llega"
    )

    order.refresh_from_db()
    assert (order.state, order.cancel_reason, StockItem.objects.get().on_hand) == ("cancelled", "ya no llega", 4)
    before = everything()
    with pytest.raises(OrderStateError):
        receive(order, 1, "later")
    assert everything() == before


ACTS: dict[str, Any] = {
    "placed": lambda order: services.place_order(
        order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None
    ),
    "received": lambda order: receive(order, 10),
    "cancelled": lambda order: services.cancel_order(
        order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None
    ),
}
ROADS = {"draft": [], "placed": ["placed"], "received": ["placed", "received"], "cancelled": ["cancelled"]}


@pytest.mark.parametrize("state", TRANSITIONS)
@pytest.mark.parametrize("step", ACTS)
def test_the_state_machine_is_the_table(state, step):
    order = drafted(VariantFactory(), 10)
    for act in ROADS[state]:
        ACTS[act](order)
    before = everything()

    if step in TRANSITIONS[state]:
        ACTS[step](order)
        order.refresh_from_db()
        assert order.state == step
        return
    # A received order answers the same receipt again; another key is refused like everything else.
    if (state, step) == ("received", "received"):
        with pytest.raises(OrderStateError):
            receive(order, 1, "another")
    else:
        with pytest.raises(OrderStateError):
            ACTS[step](order)
    assert everything() == before


def test_an_unknown_order_is_not_found():
    nowhere: dict[str, Any] = {"order_id": uuid4(), "expected_version": None, "at": timezone.now(), "actor_id": None}

    for act in (services.place_order, services.cancel_order):
        with pytest.raises(NotFoundError):
            act(**nowhere)
    with pytest.raises(NotFoundError):
        services.receive_goods(**nowhere, lines=[LineReceived(uuid4(), 1)], idem_key="a")
    with pytest.raises(NotFoundError):
        services.change_draft(order_id=uuid4(), expected_version=None, actor_id=None)


def test_receipts_are_never_changed():
    receive(placed(VariantFactory()), 1)

    for rows, column in ((GoodsReceipt.objects.all(), "delivery_note"), (GoodsReceiptLine.objects.all(), "quantity")):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**{column: 7})
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.delete()
