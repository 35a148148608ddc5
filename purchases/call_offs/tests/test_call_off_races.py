"""Calling off under the order's lock: the same units are packed or called off, money goes back once."""

import threading
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from funds.facade import verify_books
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.errors import DomainError
from marketplace.core.outbox.relay import drain
from purchases.call_offs import services
from purchases.call_offs.services import call_off_part
from purchases.checkout.tests.factories import PRICE, bought, shelf, shopper
from purchases.models import CallOff, Order, OrderLine, Shipment, ShipmentLine
from purchases.orders.services import cancel_order
from purchases.shipments import selectors
from purchases.shipments.services import deliver_shipment, packing
from purchases.shipments.tests.factories import packed

from .factories import of_two_stores, sent

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MONEY = 1_000_000


def call_off(part: Any, quantity: int | None = None) -> CallOff:
    quantities = None if quantity is None else {part.lines.get().pk: quantity}
    return call_off_part(
        part_id=part.pk, quantities=quantities, fate="restock", reason="Gone", actor_id=None, at=timezone.now()
    )


def test_units_are_packed_or_called_off_and_never_both(together):
    order, part, _other = of_two_stores(shopper(MONEY), 3, 1)

    answers = together(lambda number: packed(order, 2, part=part) if number else call_off(part, 2), 2)

    refused = [answer for answer in answers if isinstance(answer, DomainError)]
    assert [error.code for error in refused] in (["too_many_packed"], ["too_many_called_off"])
    line = part.lines.get()
    in_parcels = ShipmentLine.objects.filter(line=line).aggregate(units=Sum("quantity", default=0))["units"]
    assert sorted([line.called_off_quantity, in_parcels]) == [0, 2]


def test_without_the_orders_lock_the_same_units_are_packed_and_called_off(together, monkeypatch):
    """The harness sees it when the lock is off, so its silence above means something."""
    order, part, _other = of_two_stores(shopper(MONEY), 3, 1)
    both = threading.Barrier(2)
    counted = selectors.units_of

    def count_together(*order_ids: Any) -> Any:
        found = counted(*order_ids)
        both.wait(timeout=5)
        return found

    for module in (packing, services):
        monkeypatch.setattr(module, "lock_order", lambda order_id: Order.objects.get(pk=order_id))
        monkeypatch.setattr(module, "units_of", count_together)

    together(lambda number: packed(order, 2, part=part) if number else call_off(part, 2), 2)

    line = part.lines.get()
    assert line.called_off_quantity + ShipmentLine.objects.filter(line=line).count() * 2 > line.quantity


def test_of_many_who_call_off_all_that_is_left_one_does(together):
    order, part, other = of_two_stores(shopper(MONEY), 2, 1)
    sent(other)

    answers = together(lambda _number: call_off(part), 4)

    assert sum(isinstance(answer, CallOff) for answer in answers) == 1, answers
    assert {answer.code for answer in answers if isinstance(answer, DomainError)} == {"call_off_refused"}
    drain()
    assert posted_and_held(order.customer_id) == (MONEY - PRICE, 0)
    assert shelf(part.lines.get().variant) == (20, 0)
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_an_order_is_cancelled_whole_while_a_part_is_called_off_and_all_is_paid_back_once(together):
    order, part, other = of_two_stores(shopper(MONEY), 2, 1)

    def work(number: int) -> Any:
        if number:
            return cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
        return call_off(part)

    answers = together(work, 2)

    # Whoever calls the order off finds it paid; the part may be called off before, or too late.
    assert any(isinstance(answer, Order) for answer in answers), answers
    drain()
    assert Order.objects.get().state == "cancelled"
    assert posted_and_held(order.customer_id) == (MONEY, 0)
    assert [shelf(each.lines.get().variant) for each in (part, other)] == [(20, 0), (20, 0)]
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_two_stores_call_off_at_once_and_the_last_cancels_the_order(together):
    order, *parts = of_two_stores(shopper(MONEY), 1, 2)

    answers = together(lambda number: call_off(parts[number]), 2)

    assert all(isinstance(answer, CallOff) for answer in answers), answers
    drain()
    assert Order.objects.get().state == "cancelled"
    assert posted_and_held(order.customer_id) == (MONEY, 0)
    assert not Shipment.objects.exists()
    assert OrderLine.objects.filter(called_off_quantity=0).count() == 0


def test_the_last_unit_is_called_off_while_the_other_arrives(together):
    order = bought(shopper(MONEY), 2)
    part = order.parts.get()
    shipment = sent(part, 1, is_there=False)

    def work(number: int) -> Any:
        if number:
            return call_off(part)
        return deliver(shipment)

    answers = together(work, 2)

    assert not [answer for answer in answers if isinstance(answer, DomainError)], answers
    drain()
    assert Order.objects.get().state == "delivered"
    part.refresh_from_db()
    assert part.delivered_at is not None
    assert posted_and_held(order.customer_id) == (MONEY - PRICE, 0)
    assert verify_books(is_full=True, at=timezone.now()) == []


def deliver(shipment: Shipment) -> Shipment:
    return deliver_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())
