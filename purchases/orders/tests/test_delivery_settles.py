"""Delivery settles the order's money in its own transaction."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from funds.facade import OrderNotPaidError, pay_order
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with
from marketplace.core.models import OutboxEvent
from marketplace.core.money import Money
from promotions.flash.tests.factories import make_variant
from purchases.models import Order
from purchases.orders.services import record_paid_order
from purchases.orders.values import SoldLine
from purchases.shipments.tests.factories import take_to

pytestmark = pytest.mark.django_db
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def line(variant, price: int, quantity: int = 1) -> SoldLine:
    return SoldLine(
        variant_id=variant.pk,
        store_id=variant.store_id,
        sku=variant.sku,
        name="Pan",
        quantity=quantity,
        list_price=Money(price, "MXN"),
        total=Money(price * quantity, "MXN"),
        tax_bp=1_600,
        commission_bp=1_000,
    )


def shipped_order(source: str, *lines: SoldLine) -> Order:
    total = sum((each.total for each in lines), Money.zero("MXN"))
    order = record_paid_order(
        order_id=uuid4(),
        customer_id=customer_with(total.minor),
        source=source,
        source_key=uuid4().hex,
        lines=lines,
        at=AT,
    )
    take_to(order, "packed", "shipped", at=AT)
    return order


def pay(order: Order) -> None:
    pay_order(order_id=order.pk, customer_id=order.customer_id, total=order.total)


def payable(store_id) -> int:
    return balance_of(AccountKey.of_store(AccountKind.PAYABLE, store_id, "MXN")).minor


def house(kind: AccountKind) -> int:
    return balance_of(AccountKey.house(kind, "MXN")).minor


def test_delivery_pays_each_store_commission_and_tax():
    bread, cheese = make_variant(), make_variant()
    order = shipped_order(Order.Source.CHECKOUT, line(bread, 58_00, 2), line(cheese, 232_00))
    pay(order)

    take_to(order, "delivered", at=AT)

    assert (payable(bread.store_id), payable(cheese.store_id)) == (90_00, 180_00)
    assert house(AccountKind.COMMISSION) == 30_00
    assert house(AccountKind.TAX) == 48_00
    assert house(AccountKind.ESCROW) == 0


def test_an_imported_order_moved_no_money_and_settles_none():
    bread = make_variant()
    order = shipped_order(Order.Source.IMPORT, line(bread, 58_00))

    take_to(order, "delivered", at=AT)

    order.refresh_from_db()
    assert order.state == Order.State.DELIVERED
    assert payable(bread.store_id) == 0


def test_an_order_without_money_is_not_delivered():
    order = shipped_order(Order.Source.CHECKOUT, line(make_variant(), 58_00))
    told = OutboxEvent.objects.count()

    with pytest.raises(OrderNotPaidError):
        take_to(order, "delivered", at=AT)

    order.refresh_from_db()
    assert order.state == Order.State.SHIPPED
    assert not order.history.filter(to_state=Order.State.DELIVERED).exists()
    assert OutboxEvent.objects.count() == told
