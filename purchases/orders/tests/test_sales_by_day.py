"""Sales by platform day."""

from datetime import UTC, date, datetime

import pytest

from marketplace.core.money import Money
from purchases.contracts import DaySales
from purchases.models import Order
from purchases.orders.selectors import sales_by_day
from purchases.orders.tests.factories import OrderFactory

NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def test_days_are_the_platforms_and_only_earning_orders_count():
    OrderFactory(placed_at=datetime(2026, 3, 2, 5, 59, tzinfo=UTC))  # the evening before, in Mexico City
    OrderFactory(placed_at=datetime(2026, 3, 2, 6, 0, tzinfo=UTC))
    OrderFactory(placed_at=NOON, total_minor=2_500)
    OrderFactory(placed_at=NOON, currency="USD")
    OrderFactory(placed_at=NOON, state=Order.State.CANCELLED)
    OrderFactory(placed_at=datetime(2026, 2, 20, tzinfo=UTC))

    assert sales_by_day(NOON, 2) == [
        DaySales(date(2026, 3, 1), 1, Money(10_000, "MXN")),
        DaySales(date(2026, 3, 2), 2, Money(12_500, "MXN")),
        DaySales(date(2026, 3, 2), 1, Money(10_000, "USD")),
    ]


def test_imported_history_counts_only_when_asked_for():
    OrderFactory(placed_at=NOON, source=Order.Source.IMPORT)

    assert sales_by_day(NOON, 1) == []
    assert [day.orders for day in sales_by_day(NOON, 1, with_imported=True)] == [1]
