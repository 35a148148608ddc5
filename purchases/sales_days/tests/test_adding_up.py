"""The days' sums are what the orders say, counted a second time in another way."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.clock import platform_day
from marketplace.core.outbox.relay import drain
from purchases import facade as purchases
from purchases.checkout.tests.factories import bought, shopper
from purchases.contracts import ImportedLine, ImportedOrder
from purchases.models import DailyBenefit, DailySales, DailyVariantSales, Order, OrderLine, OrderPart, StaleSalesDay
from purchases.orders.services import cancel_order
from purchases.sales_days.services import add_up_all, add_up_next, touch_days, touch_order
from purchases.sales_days.tasks import add_up_sales
from stores.catalog.tests.factories import VariantFactory
from users.accounts.tests.factories import UserFactory

from .factories import BEGINS, random_month, sold

pytestmark = pytest.mark.django_db
SOLD = {"paid", "packed", "shipped", "delivered", "closed", "partly_returned", "returned"}


def recounted() -> dict[tuple[date, str, str, UUID], list[int]]:
    """Orders, parts, units, list, discount, shipping, revenue, refunds, new customers, from every row."""
    sums: dict[tuple[date, str, str, UUID], list[int]] = defaultdict(lambda: [0] * 9)
    known: set[UUID] = set()
    for order in sorted(Order.objects.filter(state__in=SOLD), key=lambda row: (row.placed_at, row.pk)):
        is_new = order.customer_id not in known
        known.add(order.customer_id)
        for place, part in enumerate(sorted(OrderPart.objects.filter(order=order), key=lambda row: row.pk)):
            lines = list(OrderLine.objects.filter(part=part))
            listed = sum(max(line.list_price_minor * line.quantity, line.total_minor) for line in lines)
            values = [
                place == 0,
                1,
                sum(line.quantity for line in lines),
                listed,
                listed - sum(line.total_minor for line in lines),
                part.shipping_minor,
                part.total_minor,
                sum(line.refunded_minor for line in lines) + part.shipping_refunded_minor,
                place == 0 and is_new,
            ]
            key = (platform_day(order.placed_at), order.currency, order.source, part.store_id)
            sums[key] = [before + value for before, value in zip(sums[key], values, strict=True)]
    return dict(sums)


def kept() -> dict[tuple[date, str, str, UUID], list[int]]:
    return {
        (row.day, row.currency, row.source, row.store_id): [
            row.orders,
            row.parts,
            row.units,
            row.list_minor,
            row.discount_minor,
            row.shipping_minor,
            row.revenue_minor,
            row.refunds_minor,
            row.new_customers,
        ]
        for row in DailySales.objects.all()
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_days_are_what_their_orders_say(seed):
    random_month(seed, orders=120)

    assert kept() == recounted()
    assert len(kept()) > 60
    assert sum(row[0] for row in kept().values()) == Order.objects.filter(state__in=SOLD).count()
    total = sum(order.total_minor for order in Order.objects.filter(state__in=SOLD))
    assert sum(row[6] for row in kept().values()) == total


def test_variants_and_promotions_are_what_the_lines_say():
    random_month(3, orders=120)

    variants: dict[Any, list[int]] = defaultdict(lambda: [0] * 5)
    orders: dict[Any, set[UUID]] = defaultdict(set)
    rules: dict[Any, list[int]] = defaultdict(lambda: [0] * 2)
    for line in OrderLine.objects.filter(order__state__in=SOLD).select_related("order"):
        key = (platform_day(line.order.placed_at), line.order.currency)
        listed = line.list_price_minor * line.quantity
        values = [
            line.quantity,
            line.quantity * (line.total_minor < listed),
            max(listed, line.total_minor),
            line.total_minor,
            line.refunded_minor,
        ]
        mine = variants[*key, line.variant_id]
        variants[*key, line.variant_id] = [before + value for before, value in zip(mine, values, strict=True)]
        orders[*key, line.variant_id].add(line.order_id)
        for benefit in line.applied_benefits:
            ours = rules[*key, UUID(benefit["rule"])]
            rules[*key, UUID(benefit["rule"])] = [ours[0] + benefit["amount_minor"], ours[1] + line.total_minor]
            orders[*key, UUID(benefit["rule"])].add(line.order_id)
    assert {
        (row.day, row.currency, row.variant_id): [
            row.units,
            row.promoted_units,
            row.list_minor,
            row.revenue_minor,
            row.refunds_minor,
        ]
        for row in DailyVariantSales.objects.all()
    } == variants
    assert {
        (row.day, row.currency, row.rule_id): [row.amount_minor, row.revenue_minor]
        for row in DailyBenefit.objects.all()
    } == rules
    each: Any
    for each in [*DailyVariantSales.objects.all(), *DailyBenefit.objects.all()]:
        ident = getattr(each, "variant_id", None) or each.rule_id
        assert each.orders == len(orders[each.day, each.currency, ident])


def test_adding_a_day_up_twice_is_once():
    random_month(4, orders=40)
    before = kept()

    touch_days(days=[key[0] for key in before])
    touch_days(days=[key[0] for key in before])

    assert add_up_all() == len({key[0] for key in before})
    assert kept() == before
    assert add_up_next() is None


def test_what_is_asked_for_sums_the_days():
    random_month(5, orders=80)
    first, last = date(2026, 3, 5), date(2026, 3, 20)
    inside = [row for (day, currency, *_), row in recounted().items() if currency == "MXN" and first <= day <= last]

    days = purchases.daily_sums(first, last, "MXN")
    sources = purchases.source_sums(first, last, "MXN")
    stores = purchases.best_stores(first, last, "MXN", limit=100)

    for sums in (days.values(), sources.values(), [store.sums for store in stores]):
        assert sum(each.revenue for each in sums) == sum(row[6] for row in inside)
        assert sum(each.orders for each in sums) == sum(row[0] for row in inside)
        assert sum(each.net_revenue for each in sums) == sum(row[6] - row[7] for row in inside)
    assert set(days) <= {first + timedelta(days=n) for n in range(16)}
    assert [store.sums.revenue for store in stores] == sorted((s.sums.revenue for s in stores), reverse=True)
    assert purchases.sold_in_other_currencies(first, last, "MXN") == ["USD"]


def test_an_order_that_is_paid_counts_and_one_that_is_called_off_counts_no_more():
    order = bought(shopper(), 2)
    drain()
    add_up_sales()
    day = platform_day(order.placed_at)
    assert purchases.daily_sums(day, day, "MXN")[day].revenue == order.total_minor

    cancel_order(order_id=order.pk, actor_id=None, at=order.placed_at)
    drain()
    assert list(StaleSalesDay.objects.values_list("day", flat=True)) == [day]
    add_up_sales()

    assert DailySales.objects.count() == 0
    assert DailyVariantSales.objects.count() == 0


def test_a_customer_whose_first_order_is_called_off_is_new_with_the_next_one():
    customer, variant = UserFactory(), VariantFactory()
    first, _lines = sold([variant], at=BEGINS, customer=customer)
    sold([variant], at=BEGINS + timedelta(days=3), customer=customer)
    touch_order(order_id=first.pk)
    add_up_all()
    Order.objects.filter(pk=first.pk).update(state="cancelled")

    touch_order(order_id=first.pk)
    add_up_all()

    assert list(DailySales.objects.values_list("day", "orders", "new_customers")) == [(date(2026, 3, 4), 1, 1)]


def test_imported_history_waits_to_be_added_up():
    variant, customer = VariantFactory(), UserFactory()
    placed = datetime(2026, 2, 3, 5, 59, tzinfo=UTC)  # the evening before, in Mexico City
    line = ImportedLine(variant.pk, 2, variant.price)

    purchases.import_orders([ImportedOrder("one", customer.pk, "delivered", placed, placed, (line,))])

    assert list(StaleSalesDay.objects.values_list("day", flat=True)) == [date(2026, 2, 2)]
    assert purchases.add_up_sales() == 1
    assert purchases.source_sums(date(2026, 2, 1), date(2026, 2, 28), "MXN")["import"].units == 2


def test_what_came_back_stands_beside_what_was_sold():
    order, lines = sold([VariantFactory(price_minor=1_000)], at=BEGINS, quantities=[3])
    OrderLine.objects.filter(pk=lines[0].pk).update(returned_quantity=1, refunded_minor=1_000)
    touch_order(order_id=order.pk)

    add_up_all()

    sums = purchases.daily_sums(date(2026, 3, 1), date(2026, 3, 1), "MXN")[date(2026, 3, 1)]
    assert (sums.revenue, sums.refunds, sums.net_revenue, sums.average_ticket) == (3_000, 1_000, 2_000, 3_000)


def test_an_average_of_nothing_is_nothing():
    assert purchases.daily_sums(date(2026, 3, 1), date(2026, 3, 2), "MXN") == {}


def test_reading_costs_the_same_for_any_number_of_days(django_assert_num_queries):
    random_month(6, orders=30)

    with django_assert_num_queries(1):
        purchases.daily_sums(date(2026, 1, 1), date(2026, 12, 31), "MXN")
