"""What is never sent is called off: money, shelves, the order's way and its papers follow, to the cent."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.facade import verify_books
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.ids import NIL
from marketplace.core.models import AuditEntry, OutboxEvent
from marketplace.core.outbox.relay import drain
from notifications.inbox.models import InboxItem
from promotions.flash.tests.factories import make_variant
from purchases.call_offs.errors import CallOffRefusedError, NothingToCallOffError, TooManyCalledOffError
from purchases.call_offs.services import call_off_part, put_unsent_goods_away
from purchases.checkout.tests.factories import PRICE, bought, escrow, home_of, shelf, shopper
from purchases.models import CallOff, CallOffLine, Invoice, Order, OrderLine, OrderPart
from purchases.orders.errors import TooManyReturnedError
from purchases.orders.services import approve_return, cancel_order, receive_return, request_return
from purchases.orders.tests.factories import OrderFactory
from purchases.shipments.errors import NothingToPackError, PartNotFoundError
from purchases.shipments.services import lose_shipment, unpack_shipment
from purchases.shipments.tests.factories import ShippingRateFactory, packed, parcel_of
from stores.inventory.reconciliation import reconcile_stock
from users.facade import order_counts

from .factories import REASON, call_off, of_two_stores, sent

pytestmark = pytest.mark.django_db
MONEY = 1_000_000
SENDING = 9_900


def with_home() -> tuple[Any, Any]:
    """A shopper who has an address, and something to send there."""
    customer = shopper(MONEY)
    home_of(customer)
    return customer, make_variant()


def states(order: Order) -> list[str]:
    return list(order.history.order_by("pk").values_list("to_state", flat=True))


def payable(part: OrderPart) -> int:
    return balance_of(AccountKey.of_store(AccountKind.PAYABLE, part.store_id, "MXN")).minor


def successes(order: Order) -> int:
    return dict(order_counts(NIL, 1_000))[order.customer_id]


def told(order: Order) -> list[str]:
    rows = InboxItem.objects.filter(customer=order.customer_id).order_by("pk")
    return list(rows.values_list("message__kind", flat=True))


def stored(order: Order) -> tuple[object, ...]:
    """All that a refusal must not have touched."""
    return (
        Order.objects.get(pk=order.pk).state,
        states(order),
        list(OrderLine.objects.filter(order=order).order_by("pk").values()),
        list(OrderPart.objects.filter(order=order).order_by("pk").values()),
        CallOff.objects.count(),
        CallOffLine.objects.count(),
        OutboxEvent.objects.filter(wire_name="purchases.order_part_called_off").count(),
        AuditEntry.objects.filter(action="purchases.call_off_part").count(),
        posted_and_held(order.customer_id),
        escrow(),
    )


def examined() -> None:
    assert verify_books(is_full=True, at=timezone.now()) == []
    assert reconcile_stock().drift_count == 0


def test_the_rest_of_a_store_that_closes_goes_back_and_the_delivered_part_ends_the_order():
    order, closed, other = of_two_stores(shopper(MONEY), 2, 1)
    sent(other)
    by = uuid4()

    called_off = call_off(closed, actor_id=by)

    assert Order.objects.get().state == "delivered"
    assert states(order) == ["placed", "paid", "paid", "packed", "shipped", "delivered"]
    assert order.history.filter(note=REASON, actor_id=by, from_state="paid", to_state="paid").count() == 1
    assert (called_off.refund_minor, called_off.shipping_minor) == (2 * PRICE, 0)
    assert posted_and_held(order.customer_id) == (MONEY - PRICE, 0)
    assert shelf(closed.lines.get().variant) == (20, 0)
    assert escrow() == 0
    assert (payable(closed), payable(other) > 0) == (0, True)
    closed.refresh_from_db()
    assert closed.delivered_at is None
    assert successes(order) == 1
    audit = AuditEntry.objects.get(action="purchases.call_off_part")
    assert (audit.actor_id, audit.object_id, audit.reason) == (by, str(called_off.pk), REASON)
    examined()


def test_units_of_a_part_are_called_off_and_the_others_are_still_to_be_sent():
    order, part, other = of_two_stores(shopper(MONEY), 3, 1)

    call_off(part, 2)

    line = part.lines.get()
    assert (line.returned_quantity, line.called_off_quantity, line.refunded_minor) == (2, 2, 2 * PRICE)
    assert Order.objects.get().state == "paid"
    assert shelf(line.variant) == (19, 0)
    sent(part)
    assert list(part.shipments.values_list("lines__quantity", flat=True)) == [1]
    sent(other)
    assert Order.objects.get().state == "delivered"
    assert escrow() == 0
    assert posted_and_held(order.customer_id) == (MONEY - 2 * PRICE, 0)
    examined()


def test_a_part_whose_other_units_have_arrived_is_settled_with_what_it_keeps():
    order = bought(shopper(MONEY), 3)
    part = order.parts.get()
    sent(part, 1)
    assert escrow() == 3 * PRICE

    call_off(part)

    part.refresh_from_db()
    line = part.lines.get()
    assert part.delivered_at is not None
    assert escrow() == 0
    shares = [balance_of(AccountKey.house(kind, "MXN")).minor for kind in (AccountKind.COMMISSION, AccountKind.TAX)]
    assert payable(part) + sum(shares) == PRICE
    assert shares[1] == round(line.tax_minor / 3)
    delivered = OutboxEvent.objects.get(wire_name="purchases.order_delivered")
    assert delivered.payload["total"] == {"minor": PRICE, "currency": "MXN"}
    examined()


def test_the_order_is_on_its_way_while_its_last_parcel_is():
    order, part, other = of_two_stores(shopper(MONEY), 1, 1)
    sent(other, is_there=False)

    call_off(part)

    assert Order.objects.get().state == "shipped"
    assert escrow() == PRICE
    assert successes(order) == 0


def test_sending_goes_back_with_the_last_unit_when_nothing_of_the_part_was_sent():
    customer, variant = with_home()
    ShippingRateFactory.create(store=variant.store, price_minor=SENDING)
    order = bought(customer, 2, variants=[variant])
    part = order.parts.get()
    spent = posted_and_held(customer.pk)[0]

    first, second = call_off(part, 1), call_off(part)

    assert [(each.refund_minor, each.shipping_minor) for each in (first, second)] == [
        (PRICE, 0),
        (PRICE + SENDING, SENDING),
    ]
    assert posted_and_held(customer.pk)[0] == spent + order.total_minor
    assert Order.objects.get(pk=order.pk).state == "cancelled"
    examined()


def test_sending_stays_where_something_of_the_part_was_sent():
    customer, variant = with_home()
    ShippingRateFactory.create(store=variant.store, price_minor=SENDING)
    part = bought(customer, 2, variants=[variant]).parts.get()
    sent(part, 1, is_there=False)

    assert call_off(part).shipping_minor == 0


def test_the_last_unit_of_all_cancels_the_order():
    order, first, second = of_two_stores(shopper(MONEY), 1, 2)
    call_off(first)
    assert Order.objects.get().state == "paid"

    call_off(second)

    assert Order.objects.get().state == "cancelled"
    assert posted_and_held(order.customer_id) == (MONEY, 0)
    assert [shelf(part.lines.get().variant) for part in (first, second)] == [(20, 0), (20, 0)]
    cancelled = OutboxEvent.objects.get(wire_name="purchases.order_cancelled")
    assert cancelled.payload["total"] == {"minor": 2 * PRICE, "currency": "MXN"}
    assert [each for each in told(order) if "cancelled" in each or "called_off" in each] == [
        "order_part_called_off",
        "order_cancelled_paid",
    ]
    examined()


def test_an_order_that_is_cancelled_after_a_part_was_called_off_pays_back_the_rest():
    order, first, second = of_two_stores(shopper(MONEY), 2, 2)
    call_off(first, 1, fate="write_off")

    cancel_order(order_id=order.pk, customer_id=order.customer_id, actor_id=None, at=timezone.now())
    drain()

    assert posted_and_held(order.customer_id) == (MONEY, 0)
    assert [shelf(part.lines.get().variant) for part in (first, second)] == [(19, 0), (20, 0)]
    cancelled = OutboxEvent.objects.get(wire_name="purchases.order_cancelled")
    assert cancelled.payload["total"] == {"minor": 3 * PRICE, "currency": "MXN"}
    examined()


def test_what_is_written_off_stays_off_the_shelf():
    _order, part, _other = of_two_stores(shopper(MONEY), 2, 1)

    call_off(part, fate="write_off")

    assert shelf(part.lines.get().variant) == (18, 0)
    examined()


def test_what_was_lost_goes_first_and_on_no_shelf():
    order = bought(shopper(MONEY), 3)
    part = order.parts.get()
    lose_shipment(shipment_id=sent(part, 2, is_there=False).pk, actor_id=None, at=timezone.now())

    call_off(part, 2)

    line = part.lines.get()
    assert (line.lost_quantity, shelf(line.variant)) == (0, (17, 0))
    sent(part)
    assert shelf(line.variant) == (17, 0)
    assert Order.objects.get().state == "delivered"
    assert posted_and_held(order.customer_id) == (MONEY - PRICE, 0)
    examined()


def test_goods_go_on_the_shelf_once():
    _order, part, _other = of_two_stores(shopper(MONEY), 2, 1)
    called_off = call_off(part)

    put_unsent_goods_away(call_off_id=called_off.pk)

    assert shelf(part.lines.get().variant) == (20, 0)


def test_of_what_was_called_off_nothing_can_come_back():
    order = bought(shopper(MONEY), 3)
    part, line = order.parts.get(), order.lines.get()
    sent(part, 2)
    call_off(part)
    wanted: dict[str, Any] = {
        "order_id": order.pk,
        "customer_id": order.customer_id,
        "reason": "No",
        "within": timedelta(days=30),
    }
    with pytest.raises(TooManyReturnedError):
        request_return(**wanted, quantities={line.pk: 3}, at=timezone.now())

    returned = request_return(**wanted, quantities={line.pk: 2}, at=timezone.now())
    approve_return(return_id=returned.pk, actor_id=None)
    receive_return(return_id=returned.pk, fates={line.pk: "restock"}, actor_id=None, at=timezone.now())
    drain()

    assert Order.objects.get().state == "returned"
    assert posted_and_held(order.customer_id) == (MONEY, 0)
    assert shelf(line.variant) == (20, 0)
    assert successes(order) == 0
    invoice = Invoice.objects.get(kind="invoice")
    credited = Invoice.objects.filter(kind="credit_note")
    assert sum(each.total_minor for each in credited) == invoice.total_minor
    taxes = [sum(row["tax_minor"] for row in each.snapshot["lines"]) for each in credited]
    assert (len(taxes), sum(taxes)) == (2, line.tax_minor)


def test_each_call_off_is_credited_and_a_cancellation_only_the_rest():
    customer, variant = with_home()
    ShippingRateFactory.create(store=variant.store, price_minor=SENDING)
    order = bought(customer, 3, variants=[variant])
    part = order.parts.get()
    called_off = call_off(part, 1)

    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
    drain()

    credited = Invoice.objects.filter(order=order, kind="credit_note").order_by("total_minor")
    assert [(each.call_off_id, each.total_minor) for each in credited] == [
        (called_off.pk, PRICE),
        (None, 2 * PRICE + SENDING),
    ]
    assert [each.snapshot["shipping"]["minor"] for each in credited] == [0, SENDING]
    tax = sum(row["tax_minor"] for each in credited for row in each.snapshot["lines"])
    assert tax == order.lines.get().tax_minor


def test_nothing_more_is_credited_when_the_last_unit_is_called_off():
    order, first, second = of_two_stores(shopper(MONEY), 1, 1)
    call_off(first)
    call_off(second)

    credited = Invoice.objects.filter(order=order, kind="credit_note")

    assert sorted(each.total_minor for each in credited) == [PRICE, PRICE]
    assert all(each.call_off_id for each in credited)


def test_the_customer_is_told_what_will_not_come_and_why():
    order, part, _other = of_two_stores(shopper(MONEY), 2, 1)

    call_off(part)

    item = InboxItem.objects.get(customer=order.customer_id, message__kind="order_part_called_off")
    assert item.message.params["reason"] == REASON
    assert item.message.params["count"] == "2"
    assert item.message.params["refund"] == {"minor": 2 * PRICE, "currency": "MXN"}


def test_an_order_of_another_system_moves_neither_money_nor_goods():
    order = OrderFactory.create(source="import")
    variant = bought(shopper(MONEY), 1).lines.get().variant
    shipment = parcel_of(order, variant)
    unpack_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())
    part = order.parts.get()

    called_off = call_off(part)

    assert (called_off.refund_minor, Order.objects.get(pk=order.pk).state) == (0, "cancelled")
    assert shelf(variant) == (19, 0)


def test_more_than_is_in_no_parcel_is_refused_and_changes_nothing():
    order, part, _other = of_two_stores(shopper(MONEY), 3, 1)
    packed(order, 2, part=part)
    before = stored(order)

    for quantity in (2, 0, -1):
        with pytest.raises(TooManyCalledOffError):
            call_off(part, quantity)

    assert stored(order) == before


def test_where_everything_is_in_parcels_nothing_is_called_off():
    order, part, _other = of_two_stores(shopper(MONEY), 2, 1)
    packed(order, part=part)
    before = stored(order)

    with pytest.raises(NothingToCallOffError):
        call_off(part)
    with pytest.raises(NothingToCallOffError):
        call_off_part(part_id=part.pk, quantities={}, fate="restock", reason="", actor_id=None, at=timezone.now())

    assert stored(order) == before


@pytest.mark.parametrize("state", ["placed", "delivered", "closed", "cancelled", "expired", "returned"])
def test_of_an_order_that_is_not_paid_or_is_over_nothing_is_called_off(state):
    order, part, _other = of_two_stores(shopper(MONEY), 1, 1)
    Order.objects.filter(pk=order.pk).update(state=state)
    before = stored(order)

    with pytest.raises(CallOffRefusedError):
        call_off(part)

    assert stored(order) == before


def test_what_another_system_sent_is_not_called_off():
    customer = shopper(MONEY)
    order = OrderFactory.create(source="import", customer=customer)
    parcel_of(order, bought(customer, 1).lines.get().variant).lines.all().delete()
    Order.objects.filter(pk=order.pk).update(state="shipped")
    before = stored(order)

    with pytest.raises(NothingToCallOffError):
        call_off(order.parts.get())

    assert stored(order) == before


def test_unknown_parts_lines_and_fates_are_refused_and_change_nothing():
    order, part, other = of_two_stores(shopper(MONEY), 1, 1)
    before = stored(order)
    wanted: dict[str, Any] = {"reason": "No", "actor_id": None, "at": timezone.now()}

    with pytest.raises(PartNotFoundError):
        call_off_part(part_id=uuid4(), quantities=None, fate="restock", **wanted)
    with pytest.raises(PartNotFoundError):
        call_off_part(part_id=part.pk, quantities={other.lines.get().pk: 1}, fate="restock", **wanted)
    with pytest.raises(ValueError, match="restocked or written off"):
        call_off_part(part_id=part.pk, quantities=None, fate="burned", **wanted)

    assert stored(order) == before


def test_what_was_called_off_is_not_packed():
    order, part, _other = of_two_stores(shopper(MONEY), 1, 1)
    call_off(part)

    with pytest.raises(NothingToPackError):
        packed(order, part=part)
