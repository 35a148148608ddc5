"""What is suggested, by the figures behind it; and orders made of suggestions, by people and by beat."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from marketplace.core import append_only
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.contracts import StockLine
from stores.inventory.models import StockItem, StockMovement
from stores.inventory.services import sell_stock, set_reorder_rule
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.procurement import services
from stores.procurement.errors import NothingToOrderError, SuggestionGoneError
from stores.procurement.models import PurchaseOrder, ReplenishmentSuggestion
from stores.procurement.replenishment import refresh_suggestions
from stores.procurement.tasks import place_automatic_orders, suggest_replenishment

from .factories import SupplierFactory, SupplierPriceFactory, drafted, placed, supplier_of

pytestmark = pytest.mark.django_db


def shelf(on_hand: int = 100, *, reorder_point: int = 0, reorder_qty: int = 0, **variant) -> StockItem:
    item = stocked(VariantFactory(**variant), on_hand, reorder_point=reorder_point)
    return set_reorder_rule(item=item, changes={"reorder_qty": reorder_qty}, actor_id=None)


def sell(item: StockItem, quantity: int, *, days_ago: float = 1) -> None:
    key = f"{item.pk}:{quantity}:{days_ago}"
    sell_stock(lines=[StockLine(item.variant_id, item.store_id, quantity)], idem_key=key)
    # The database's clock wrote it; only here a movement is older than it is.
    with append_only.lifted():
        StockMovement.objects.filter(idem_key=key).update(created_at=timezone.now() - timedelta(days=days_ago))


def suggested() -> dict[UUID, ReplenishmentSuggestion]:
    refresh_suggestions(at=timezone.now())
    return {row.stock_item_id: row for row in ReplenishmentSuggestion.objects.all()}


def test_the_figures_add_up():
    """One a day: s = 5 + 10, S = 5 + 17. 12 are there and 2 on order, so 8 are missing: two packs of six."""
    item = shelf(40, reorder_point=5)
    supplier = supplier_of(item.variant, 12_000, lead_time_days=10, price={"pack_size": 6})
    sell(item, 20, days_ago=27)
    sell(item, 8, days_ago=2)
    order = drafted(item.variant, 2, supplier=supplier)

    row = suggested()[item.pk]

    assert (row.available, row.incoming, row.sold_per_day_milli, row.lead_time_days) == (12, 2, 1_000, 10)
    assert (row.quantity, row.supplier, row.unit_cost_minor, row.currency) == (12, supplier, 12_000, "MXN")
    assert order.lines.get().open_qty == 2


def test_sales_older_than_four_weeks_do_not_count():
    item = shelf(100, reorder_point=5)
    sell(item, 90, days_ago=29)

    assert suggested() == {}


def test_nothing_is_suggested_above_the_point_of_ordering():
    item = shelf(40, reorder_point=5, reorder_qty=50)
    supplier_of(item.variant, lead_time_days=10)
    sell(item, 24, days_ago=3)  # s = 5 + 9; 16 are there

    assert suggested() == {}
    sell(item, 2, days_ago=2)  # s = 5 + 10; 14 are there
    assert suggested()[item.pk].quantity == 50


@pytest.mark.parametrize(
    ("rule", "price", "quantity"),
    [
        ({"reorder_point": 5}, {}, 3),
        ({"reorder_point": 5, "reorder_qty": 20}, {}, 20),
        ({"reorder_point": 5, "reorder_qty": 20}, {"least_qty": 24}, 24),
        ({"reorder_point": 5, "reorder_qty": 20}, {"least_qty": 24, "pack_size": 10}, 30),
        ({"reorder_point": 5}, {"pack_size": 3}, 3),
        ({"reorder_point": 2, "reorder_qty": 4}, {}, 4),
        ({"reorder_point": 2}, {}, None),
        ({"reorder_point": 0}, {}, None),
        ({"reorder_point": 0, "reorder_qty": 4}, {}, None),
        ({"reorder_point": 5_000_000}, {}, 1_000_000),
    ],
)
def test_quantities_follow_the_rule_of_the_item_and_the_price_list(rule, price, quantity):
    item = shelf(2, **rule)
    supplier_of(item.variant, price=price)

    rows = suggested()

    assert (rows[item.pk].quantity if rows else None) == quantity


def test_what_is_on_its_way_is_not_suggested_again():
    item = shelf(2, reorder_point=5)
    order = placed(item.variant, 3)

    assert suggested() == {}
    drafted(item.variant, 10)
    assert suggested() == {}
    services.cancel_order(order_id=order.pk, expected_version=None, at=timezone.now(), actor_id=None)
    assert suggested() == {}


def test_preferred_before_cheapest_and_only_who_may_deliver():
    item = shelf(0, reorder_point=5)
    variant = item.variant
    dear = supplier_of(variant, 900)
    cheap = supplier_of(variant, 500)
    supplier_of(variant, 100, archived_at=timezone.now())
    supplier_of(variant, 100, department=SupplierFactory().department)  # of another department
    supplier_of(variant, 100, department=None, store=StoreFactory())
    supplier_of(variant, 100, currency="USD")

    assert suggested()[item.pk].supplier == cheap
    dear.prices.update(is_preferred=True)
    assert suggested()[item.pk].supplier == dear
    own = supplier_of(variant, 400, department=None, store=variant.store)
    dear.prices.update(is_preferred=False)
    assert suggested()[item.pk].supplier == own


def test_without_a_price_list_it_is_shown_without_a_supplier():
    item = shelf(0, reorder_point=5)

    row = suggested()[item.pk]

    assert (row.supplier, row.unit_cost_minor, row.quantity, row.lead_time_days) == (None, None, 5, 7)


@pytest.mark.parametrize(
    "columns",
    [
        {"is_active": False},
        {"archived_at": "2026-01-01T00:00:00Z"},
        {"product__archived_at": "2026-01-01T00:00:00Z"},
        {"product__store__state": "closed"},
        {"product__store__archived_at": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_is_not_sold_any_more_is_not_suggested(columns):
    shelf(0, reorder_point=5, **columns)

    assert suggested() == {}


def test_any_number_of_items_takes_the_same_statements(django_assert_num_queries):
    for _ in range(30):
        shelf(0, reorder_point=5)

    with django_assert_num_queries(6):
        count = refresh_suggestions(at=timezone.now())

    assert count == 30


def test_suggestions_go_when_their_reason_does():
    item = shelf(0, reorder_point=5)
    assert suggested()
    StockItem.objects.filter(pk=item.pk).update(reorder_point=0)

    assert suggested() == {}
    suggest_replenishment()
    assert not ReplenishmentSuggestion.objects.exists()


def test_one_draft_per_supplier_and_store():
    home, other = StoreFactory(), StoreFactory()
    first = shelf(0, reorder_point=5, product__store=home)
    category = first.variant.product.category
    second = shelf(0, reorder_point=6, product=ProductFactory(store=home, category=category))
    third = shelf(0, reorder_point=7, product=ProductFactory(store=other, category=category))
    supplier = supplier_of(first.variant)
    for item in (second, third):
        SupplierPriceFactory(supplier=supplier, variant=item.variant, cost_minor=300)
    alone = shelf(0, reorder_point=8)  # nobody's price list has it
    refresh_suggestions(at=timezone.now())

    drafts = services.order_suggestions(suggestions=ReplenishmentSuggestion.objects.all(), chosen=None, actor_id=None)

    quantities = {
        (order.supplier_id, order.store_id): sorted(line.quantity for line in order.lines.all()) for order in drafts
    }
    assert quantities == {(supplier.pk, home.pk): [5, 6], (supplier.pk, other.pk): [7]}
    assert {(order.state, order.origin) for order in drafts} == {("draft", "suggested")}
    assert list(ReplenishmentSuggestion.objects.values_list("pk", flat=True)) == [alone.pk]
    with pytest.raises(NothingToOrderError):
        services.order_suggestions(suggestions=ReplenishmentSuggestion.objects.all(), chosen=None, actor_id=None)


def test_a_chosen_suggestion_that_is_gone_refuses_all():
    item, alone = shelf(0, reorder_point=5), shelf(0, reorder_point=5)
    supplier_of(item.variant)
    refresh_suggestions(at=timezone.now())

    with pytest.raises(SuggestionGoneError) as refused:
        services.order_suggestions(
            suggestions=ReplenishmentSuggestion.objects.all(), chosen=[item.pk, alone.pk], actor_id=None
        )

    assert refused.value.params == {"count": 1}
    assert not PurchaseOrder.objects.exists()
    assert ReplenishmentSuggestion.objects.count() == 2


def shelves_of_one_supplier(limit_minor: int | None, *quantities: int) -> list[StockItem]:
    """So many are missing of each; a unit costs 1.00."""
    items: list[StockItem] = []
    home = StoreFactory()
    supplier = None
    for quantity in quantities:
        product = ProductFactory(store=home, **({"category": items[0].variant.product.category} if items else {}))
        items.append(shelf(0, reorder_point=quantity, product=product))
        if supplier is None:
            supplier = supplier_of(items[0].variant, 100, auto_order_limit_minor=limit_minor)
        else:
            SupplierPriceFactory(supplier=supplier, variant=items[-1].variant, cost_minor=100)
    return items


def test_beat_orders_by_itself_below_the_limit_and_once_a_day():
    items = shelves_of_one_supplier(1_000, 4, 7, 5)

    place_automatic_orders()
    place_automatic_orders()

    order = PurchaseOrder.objects.get()
    assert (order.state, order.origin) == ("placed", "automatic")
    assert sorted(line.quantity for line in order.lines.all()) == [4, 5]
    assert order.total.minor <= 1_000
    assert list(ReplenishmentSuggestion.objects.values_list("pk", flat=True)) == [items[1].pk]
    event = OutboxEvent.objects.get(wire_name="stores.purchase_order_placed")
    assert event.payload["is_automatic"] is True


def test_beat_orders_for_every_store_the_most_urgent_first():
    first = shelf(0, reorder_point=4)
    category = first.variant.product.category
    supplier = supplier_of(first.variant, 100, auto_order_limit_minor=1_200)
    others = [shelf(4_000, reorder_point=4_004, product=ProductFactory(category=category)) for _ in range(3)]
    for item in others:
        SupplierPriceFactory(supplier=supplier, variant=item.variant, cost_minor=100)
    refresh_suggestions(at=timezone.now())

    orders = services.place_automatic_orders(at=timezone.now())

    assert len(orders) == 3
    assert sum(order.total.minor for order in orders) == 1_200
    assert first.store_id in {order.store_id for order in orders}
    assert ReplenishmentSuggestion.objects.count() == 1


def test_the_days_limit_counts_what_was_ordered_already():
    shelves_of_one_supplier(1_000, 8)
    at = timezone.now()
    refresh_suggestions(at=at)
    [order] = services.place_automatic_orders(at=at)
    StockItem.objects.update(reorder_point=20)  # 12 more are wanted
    services.cancel_order(order_id=order.pk, expected_version=None, at=at, actor_id=None)
    StockItem.objects.update(reorder_point=3)
    refresh_suggestions(at=at)

    # The slot of the day is what stops the second run; without it the total does.
    assert services.place_automatic_orders(at=at) == []
    [tomorrow] = services.place_automatic_orders(at=at + timedelta(days=1))

    assert tomorrow.total.minor == 300


def test_the_total_stops_a_second_run_of_the_day_too(monkeypatch):
    shelves_of_one_supplier(1_000, 8)
    at = timezone.now()
    refresh_suggestions(at=at)
    [order] = services.place_automatic_orders(at=at)
    services.cancel_order(order_id=order.pk, expected_version=None, at=at, actor_id=None)
    StockItem.objects.update(reorder_point=3)
    refresh_suggestions(at=at)
    monkeypatch.setattr("stores.procurement.services.suggestions.take_slot", lambda *_args: True)

    assert services.place_automatic_orders(at=at) == []


@pytest.mark.parametrize("limit_minor", [None, 399])
def test_beat_orders_nothing_without_or_above_the_limit(limit_minor):
    shelves_of_one_supplier(limit_minor, 4)

    place_automatic_orders()

    assert not PurchaseOrder.objects.exists()
    assert ReplenishmentSuggestion.objects.count() == 1
