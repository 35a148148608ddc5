"""Two clerks at once: of the same last units one gets them, and a parcel takes each step once."""

import threading
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from funds.facade import verify_books
from marketplace.core.errors import DomainError
from marketplace.core.models import OutboxEvent
from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Order, Shipment, ShipmentLine
from purchases.orders.services import cancel_order
from purchases.shipments import selectors, services
from purchases.shipments.errors import NothingToPackError, TooManyPackedError
from purchases.shipments.services import packing

from .factories import packed

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def in_parcels(order: Order) -> int:
    total: int = ShipmentLine.objects.filter(line__order=order).aggregate(units=Sum("quantity"))["units"]
    return total


def test_of_two_clerks_who_pack_the_same_last_units_one_gets_them(together):
    order = bought(shopper(), 3)

    answers = together(lambda _number: packed(order, 2), 2)

    assert [type(answer) for answer in answers if not isinstance(answer, Shipment)] == [TooManyPackedError]
    assert in_parcels(order) == 2


def test_of_many_clerks_who_pack_all_that_is_left_one_does(together):
    order = bought(shopper(), 3)

    answers = together(lambda _number: packed(order), 5)

    assert sum(isinstance(answer, Shipment) for answer in answers) == 1, answers
    assert sum(isinstance(answer, NothingToPackError) for answer in answers) == 4, answers
    assert in_parcels(order) == 3
    assert Order.objects.get().state == "packed"


def test_without_the_orders_lock_both_clerks_pack_the_same_units(together, monkeypatch):
    """The harness sees it when the lock is off, so its silence above means something."""
    order = bought(shopper(), 3)
    both = threading.Barrier(2)

    def look_without_locking(order_id: Any) -> Order:
        return Order.objects.get(pk=order_id)

    def count_together(*order_ids: Any) -> Any:
        found = counted(*order_ids)
        both.wait(timeout=5)
        return found

    counted = selectors.units_of
    monkeypatch.setattr(packing, "lock_order", look_without_locking)
    monkeypatch.setattr(packing, "units_of", count_together)

    answers = together(lambda _number: packed(order, 2), 2)

    assert all(isinstance(answer, Shipment) for answer in answers), answers
    assert in_parcels(order) == 4


def test_a_parcel_that_two_clerks_deliver_is_delivered_once(together):
    order = bought(shopper(), 1)
    shipment = packed(order)
    services.ship_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())

    answers = together(
        lambda _number: services.deliver_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now()), 4
    )

    assert sum(isinstance(answer, Shipment) for answer in answers) == 1, answers
    assert OutboxEvent.objects.filter(wire_name="purchases.order_delivered").count() == 1
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_a_parcel_is_sent_or_its_order_is_cancelled_and_never_both(together):
    order = bought(shopper(), 2)
    shipment = packed(order, 1)

    def work(number: int) -> Any:
        if number:
            return cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
        return services.ship_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())

    answers = together(work, 2)

    assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
    shipment.refresh_from_db()
    assert (Order.objects.get().state, shipment.state) in {("cancelled", "packed"), ("paid", "shipped")}


def test_a_parcel_is_lost_or_delivered_and_never_both(together):
    order = bought(shopper(), 1)
    shipment = packed(order)
    services.ship_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())
    ends = (services.deliver_shipment, services.lose_shipment)

    answers = together(lambda number: ends[number](shipment_id=shipment.pk, actor_id=None, at=timezone.now()), 2)

    # Whoever comes second finds the parcel over, or the whole order.
    assert sum(isinstance(answer, DomainError) for answer in answers) == 1, answers
    shipment.refresh_from_db()
    assert (Order.objects.get().state, shipment.state) in {("delivered", "delivered"), ("paid", "lost")}
    assert shipment.history.count() == 3
