"""Several people at one order, and orders for the same goods, at once: PostgreSQL's row locks."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from marketplace.core.errors import DomainError
from marketplace.core.locking import LockRank
from marketplace.core.money import Money
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.contracts import StockLine
from stores.inventory.models import StockItem
from stores.inventory.reconciliation import reconcile_stock
from stores.inventory.services import sell_stock
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.procurement import services
from stores.procurement.models import GoodsReceipt, GoodsReceiptLine, PurchaseOrder, ReplenishmentSuggestion
from stores.procurement.replenishment import refresh_suggestions
from stores.procurement.services import orders as order_services
from stores.procurement.services.orders import LineWanted
from stores.procurement.services.receipts import LineReceived

from .factories import SupplierFactory, placed, supplier_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
PEOPLE = 8


def receive(order: PurchaseOrder, quantity: int, key: str) -> GoodsReceipt:
    return services.receive_goods(
        order_id=order.pk,
        lines=[LineReceived(line.pk, quantity) for line in order.lines.all()],
        idem_key=key,
        at=timezone.now(),
        actor_id=None,
    )


def kinds(answers: list[Any]) -> list[str]:
    return sorted(type(answer).__name__ for answer in answers)


def test_no_more_is_received_than_was_ordered(together):
    order = placed(VariantFactory(), 10)

    answers = together(lambda number: receive(order, 3, f"delivery {number}"), PEOPLE)

    order.refresh_from_db()
    line = order.lines.get()
    assert kinds(answers) == ["GoodsReceipt"] * 3 + ["OverReceiptError"] * (PEOPLE - 3)
    assert (order.state, line.received_qty, StockItem.objects.get().on_hand) == ("placed", 9, 9)


def test_without_the_lock_more_is_received_than_was_ordered(together, monkeypatch):
    """The harness sees it when the guard is off, so its silence above means something."""
    order = placed(VariantFactory(), 10)

    def look_without_locking(_rank: LockRank, rows: Any) -> list[Any]:
        return list(rows.order_by("pk"))

    def leave_the_version(resource: PurchaseOrder, _expected: int | None, **values: Any) -> None:
        type(resource).objects.filter(pk=resource.pk).update(**values)

    monkeypatch.setattr(order_services, "lock", look_without_locking)
    monkeypatch.setattr("stores.procurement.services.receipts.compare_and_set", leave_the_version)

    together(lambda number: receive(order, 3, f"delivery {number}"), PEOPLE)

    received = GoodsReceiptLine.objects.aggregate(total=Sum("quantity"))["total"]
    assert received > 10


def test_one_delivery_from_many_hands_comes_in_once(together):
    order = placed(VariantFactory(), 10)

    answers = together(lambda _number: receive(order, 4, "the same"), PEOPLE)

    assert kinds(answers) == ["GoodsReceipt"] * PEOPLE
    assert (GoodsReceipt.objects.count(), StockItem.objects.get().on_hand) == (1, 4)


def test_deliveries_of_the_same_goods_and_sales_do_not_deadlock(together):
    home = StoreFactory()
    variants = [VariantFactory(product=ProductFactory(store=home)) for _ in range(5)]
    for variant in variants:
        stocked(variant, 50)
    supplier = SupplierFactory(store=home)
    orders = []
    for number in range(PEOPLE):
        from_either_end = variants if number % 2 else list(reversed(variants))
        lines = [LineWanted(variant.pk, 10, Money(100 + number, "MXN")) for variant in from_either_end]
        order = services.draft_order(supplier=supplier, store=home, lines=lines, actor_id=None)
        orders.append(services.place_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None))

    def act(number: int) -> str:
        for turn in range(5):
            receive(orders[number], 2, f"{number}/{turn}")
            lines = [StockLine(variant.pk, home.pk, 1) for variant in variants]
            sell_stock(lines=lines if turn % 2 else list(reversed(lines)), idem_key=f"sale {number}/{turn}")
        return "done"

    assert together(act, PEOPLE) == ["done"] * PEOPLE

    assert set(StockItem.objects.values_list("on_hand", flat=True)) == {50 + PEOPLE * 5}
    assert reconcile_stock().drift_count == 0
    assert set(PurchaseOrder.objects.values_list("state", flat=True)) == {"received"}


def test_an_order_is_placed_once(together):
    variant = VariantFactory()
    order = services.draft_order(
        supplier=supplier_of(variant), store=variant.store, lines=[LineWanted(variant.pk, 1)], actor_id=None
    )

    answers = together(
        lambda _number: services.place_order(
            order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None
        ),
        PEOPLE,
    )

    assert kinds(answers) == ["OrderStateError"] * (PEOPLE - 1) + ["PurchaseOrder"]


def test_suggestions_are_ordered_once_while_they_are_computed(together):
    items = [stocked(VariantFactory(), 0, reorder_point=5) for _ in range(6)]
    for item in items:
        supplier_of(item.variant)
    refresh_suggestions(at=timezone.now())

    def act(number: int) -> Any:
        if number % 2:
            return refresh_suggestions(at=timezone.now())
        try:
            rows = ReplenishmentSuggestion.objects.all()
            return services.order_suggestions(suggestions=rows, chosen=None, actor_id=None)
        except DomainError as refusal:
            return refusal.code

    answers = together(act, PEOPLE)

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert PurchaseOrder.objects.count() == len(items)
    refresh_suggestions(at=timezone.now())
    assert not ReplenishmentSuggestion.objects.exists()


def test_beat_twice_at_once_orders_once(together):
    item = stocked(VariantFactory(), 0, reorder_point=5)
    supplier_of(item.variant, 100, auto_order_limit_minor=10_000)
    at = timezone.now()
    refresh_suggestions(at=at)

    answers = together(lambda _number: services.place_automatic_orders(at=at), PEOPLE)

    assert sorted(len(answer) for answer in answers) == [0] * (PEOPLE - 1) + [1]
    assert connection.vendor == "postgresql"
