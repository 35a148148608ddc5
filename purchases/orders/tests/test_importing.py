"""Another system's history: taken over once, whole, without moving anything."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError

from funds.models import Journal
from marketplace.core.models import OutboxEvent
from marketplace.core.money import Money
from purchases import facade
from purchases.contracts import ImportedLine, ImportedOrder
from purchases.models import Order, OrderEvent, OrderLine, OrderPart
from stores.catalog.tests.factories import VariantFactory
from stores.models import StockMovement
from users.accounts.tests.factories import UserFactory
from users.models import CustomerProfile

PLACED = datetime(2017, 10, 2, 10, 56, tzinfo=UTC)
ARRIVED = datetime(2017, 10, 10, 21, 25, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def imported(customer, *variants, key="order-1", state="delivered", quantity=2):
    lines = tuple(ImportedLine(variant.pk, quantity, Money(1_050, "MXN")) for variant in variants)
    return ImportedOrder(key, customer.pk, state, PLACED, ARRIVED, lines)


def test_an_order_of_two_stores_arrives_whole():
    customer, first, second = UserFactory(), VariantFactory(), VariantFactory()

    assert facade.import_orders([imported(customer, first, second)]) == 1

    order = Order.objects.get()
    assert (order.state, order.total, order.placed_at) == ("delivered", Money(4_200, "MXN"), PLACED)
    assert set(order.parts.values_list("store_id", "total_minor")) == {
        (first.store_id, 2_100),
        (second.store_id, 2_100),
    }
    assert list(order.history.values_list("to_state", "at")) == [("placed", PLACED), ("delivered", ARRIVED)]
    profile = CustomerProfile.objects.get(user=customer)
    assert (profile.successful_orders_count, profile.last_order_at) == (1, ARRIVED)


def test_importing_again_adds_nothing():
    customer, variant = UserFactory(), VariantFactory()
    orders = [imported(customer, variant, key=f"order-{n}") for n in range(3)]

    facade.import_orders(orders)
    again = facade.import_orders([*orders, imported(customer, variant, key="order-new")])

    assert again == 1
    assert (Order.objects.count(), OrderPart.objects.count(), OrderLine.objects.count()) == (4, 4, 4)
    assert CustomerProfile.objects.get(user=customer).successful_orders_count == 4


def test_history_moves_no_money_and_no_stock_and_tells_nobody():
    before = (OutboxEvent.objects.count(), Journal.objects.count(), StockMovement.objects.count())
    customer, variant = UserFactory(), VariantFactory()

    facade.import_orders([imported(customer, variant)])

    wire_names = OutboxEvent.objects.values_list("wire_name", flat=True)
    assert not [name for name in wire_names if name.startswith("purchases.")]
    assert (Journal.objects.count(), StockMovement.objects.count()) == before[1:]


@pytest.mark.parametrize("broken", [{"state": "lost"}, {"quantity": 0}])
def test_an_unusable_order_is_refused_with_its_whole_chunk(broken):
    customer, variant = UserFactory(), VariantFactory()
    good = imported(customer, variant, key="good")
    bad = imported(customer, variant, key="bad", **broken)

    with pytest.raises((ValueError, IntegrityError)):
        facade.import_orders([good, bad])

    assert not Order.objects.exists()
    assert not OrderEvent.objects.exists()
