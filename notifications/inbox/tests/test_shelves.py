"""What the people of shelves are told: low stock, orders that beat placed, counters that do not add up."""

import pytest
from django.utils import timezone

from marketplace.core.outbox.relay import drain
from notifications.inbox.rendering import render
from notifications.models import InboxItem, Message
from stores.catalog.tests.factories import ProductFactory, VariantFactory
from stores.contracts import StockLine
from stores.inventory import services as stock
from stores.inventory.models import StockItem
from stores.inventory.reconciliation import reconcile_stock
from stores.inventory.tests.factories import stocked
from stores.merchants.tests.factories import StoreFactory
from stores.procurement import services
from stores.procurement.replenishment import refresh_suggestions
from stores.procurement.tests.factories import placed, supplier_of
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db


def told(kind: str) -> set[object]:
    drain()
    return set(InboxItem.objects.filter(message__kind=kind).values_list("customer", flat=True))


@pytest.fixture
def shelf():
    """An item of which 6 are there and 5 the point to reorder, with its department's and store's people."""
    merchant = UserFactory.create()
    item = stocked(VariantFactory(product=ProductFactory(store=StoreFactory(member=merchant))), 6, reorder_point=5)
    department = item.variant.product.category.department
    clerk = DepartmentMemberFactory.create(department=department, keys=["inventory:read"]).user
    buyer = DepartmentMemberFactory.create(department=department, keys=["procurement:write"]).user
    DepartmentMemberFactory.create(department=department, keys=["catalog:write"])
    DepartmentMemberFactory.create(keys=["inventory:write", "procurement:write"])
    StoreFactory(member=UserFactory.create())
    return item, clerk, buyer, merchant


def test_low_stock_is_told_to_those_who_keep_it_each_time(shelf):
    item, clerk, _buyer, merchant = shelf
    lines = [StockLine(item.variant_id, item.store_id, 1)]

    stock.sell_stock(lines=lines, idem_key="a")
    assert told("stock_low") == {clerk.pk, merchant.pk}
    stock.sell_stock(lines=lines, idem_key="b")
    stock.receive_stock(lines=[StockLine(item.variant_id, item.store_id, 2)], idem_key="c")
    stock.sell_stock(lines=lines, idem_key="d")
    drain()

    messages = Message.objects.filter(kind="stock_low")
    assert messages.count() == 2
    assert InboxItem.objects.filter(message__in=messages).count() == 4
    assert render(messages[0], "es").title == f"{item.variant.product.name} se está acabando en {item.store.name}"


def test_what_beat_orders_is_told_and_what_people_order_is_not(shelf):
    item, _clerk, buyer, merchant = shelf
    placed(item.variant, 1)
    assert told("purchase_order_automatic") == set()
    StockItem.objects.filter(pk=item.pk).update(reorder_point=50)
    supplier_of(item.variant, 100, auto_order_limit_minor=100_000)
    refresh_suggestions(at=timezone.now())

    [order] = services.place_automatic_orders(at=timezone.now())

    assert told("purchase_order_automatic") == {buyer.pk, merchant.pk}
    assert Message.objects.get(kind="purchase_order_automatic").params["number"] == order.number


def test_drift_is_told_to_those_of_the_house_who_may_see_it(shelf):
    item, *_people = shelf
    chief = AdministratorFactory.create()
    reconcile_stock()
    assert told("stock_drifted") == set()
    StockItem.objects.filter(pk=item.pk).update(on_hand=99)

    reconcile_stock()

    assert told("stock_drifted") == {chief.pk}
