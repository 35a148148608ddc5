"""Parcels of an order: units are never sent twice, each store is settled for itself, what is lost is replaced."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funds.facade import verify_books
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import posted_and_held
from marketplace.core.errors import DomainError, InvalidInputError
from marketplace.core.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.flash.tests.factories import make_variant
from purchases.checkout.tests.factories import PRICE, bought, escrow, shelf, shopper
from purchases.models import Order, OrderPart, Shipment, ShipmentLine
from purchases.orders.errors import OrderNotCancellableError, OrderSentInPartError, TransitionRefusedError
from purchases.orders.services import cancel_order
from purchases.shipments import services
from purchases.shipments.errors import (
    NothingToPackError,
    PartNotFoundError,
    ShipmentNotFoundError,
    TooManyPackedError,
)
from purchases.shipments.selectors import units_of
from purchases.shipments.states import order_state
from stores.contracts import StockLine
from stores.facade import InsufficientStockError, sell_stock

from .factories import packed

pytestmark = pytest.mark.django_db


def at(act: Any, shipment: Shipment, **said: Any) -> Shipment:
    done: Shipment = act(shipment_id=shipment.pk, actor_id=None, at=timezone.now(), **said)
    return done


def ship(shipment: Shipment, **said: Any) -> Shipment:
    return at(services.ship_shipment, shipment, **said)


def deliver(shipment: Shipment) -> Shipment:
    return at(services.deliver_shipment, shipment)


def lose(shipment: Shipment) -> Shipment:
    return at(services.lose_shipment, shipment)


def unpack(shipment: Shipment) -> Shipment:
    return at(services.unpack_shipment, shipment)


def call_off(order: Order, **by: Any) -> Order:
    return cancel_order(order_id=order.pk, actor_id=None, at=timezone.now(), **by)


def state_of(order: Order) -> str:
    return Order.objects.get(pk=order.pk).state


def told(wire_name: str) -> int:
    return OutboxEvent.objects.filter(wire_name=f"purchases.{wire_name}").count()


def payable(store_id: UUID) -> int:
    return balance_of(AccountKey.of_store(AccountKind.PAYABLE, store_id, "MXN")).minor


# --- the order follows


def test_an_order_follows_its_parcels():
    order = bought(shopper(), 3)
    seen = []

    first = packed(order, 2)
    seen.append(state_of(order))
    ship(first)
    seen.append(state_of(order))
    second = packed(order)
    seen.append(state_of(order))
    ship(second)
    seen.append(state_of(order))
    deliver(first)
    seen.append(state_of(order))
    deliver(second)
    seen.append(state_of(order))

    assert seen == ["paid", "paid", "packed", "shipped", "shipped", "delivered"]
    assert [line.quantity for line in ShipmentLine.objects.order_by("pk")] == [2, 1]
    assert (told("shipment_shipped"), told("shipment_delivered"), told("order_delivered")) == (2, 2, 1)


def test_a_step_is_never_left_out_of_the_history():
    order = bought(shopper(), 2)
    for _unit in range(2):
        deliver(ship(packed(order, 1)))

    steps = order.history.order_by("pk").values_list("from_state", "to_state")

    assert list(steps)[2:] == [("paid", "packed"), ("packed", "shipped"), ("shipped", "delivered")]


def test_a_parcel_that_is_taken_apart_makes_a_packed_order_paid_and_its_customer_may_cancel_again():
    customer = shopper()
    order = bought(customer, 2)
    shipment = packed(order)
    with pytest.raises(OrderNotCancellableError):
        call_off(order, customer_id=customer.pk)

    unpack(shipment)

    assert state_of(order) == "paid"
    assert call_off(order, customer_id=customer.pk).state == "cancelled"


# --- never more than there is


def test_no_more_is_packed_than_is_left():
    order = bought(shopper(), 3)
    packed(order, 2)

    for quantity in (2, 3, 0, -1):
        with pytest.raises(TooManyPackedError):
            packed(order, quantity)
    packed(order, 1)
    with pytest.raises(NothingToPackError):
        packed(order)

    assert Shipment.objects.count() == 2


def test_lines_of_another_part_and_unknown_ids_are_not_found():
    order = bought(shopper(), 1, 1)
    part, other = order.parts.order_by("pk")
    by: dict[str, Any] = {"actor_id": None, "at": timezone.now()}

    for part_id, line_id in ((part.pk, other.lines.get().pk), (part.pk, uuid4()), (uuid4(), part.lines.get().pk)):
        with pytest.raises(PartNotFoundError):
            services.pack_part(part_id=part_id, quantities={line_id: 1}, **by)
    with pytest.raises(ShipmentNotFoundError):
        services.ship_shipment(shipment_id=uuid4(), **by)
    with pytest.raises(NothingToPackError):
        services.pack_part(part_id=part.pk, quantities={}, **by)

    assert not Shipment.objects.exists()


@pytest.mark.parametrize("state", ["placed", "cancelled", "expired", "delivered", "closed", "returned"])
def test_only_of_a_paid_order_parcels_are_made(state):
    order = bought(shopper(), 1)
    Order.objects.filter(pk=order.pk).update(state=state)

    with pytest.raises(TransitionRefusedError):
        packed(order)

    assert not Shipment.objects.exists()


@pytest.mark.parametrize("address", ["javascript:alert(1)", "ftp://x.example/1", "x"])
def test_a_tracking_page_is_a_web_address(address):
    shipment = packed(bought(shopper(), 1))

    with pytest.raises(InvalidInputError):
        ship(shipment, tracking_url=address)

    shipment.refresh_from_db()
    assert shipment.state == "packed"


STEPS = st.lists(
    st.tuples(
        # Sent and delivered as often as packed: what is packed once too often is what is looked for.
        st.sampled_from(["pack", "pack", "ship", "ship", "deliver", "deliver", "lose", "unpack"]),
        st.integers(0, 3),
        st.integers(1, 2),
    ),
    min_size=10,
    max_size=30,
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_clerks_do_no_unit_is_sent_twice_and_books_and_shelves_agree(steps):
    variants = [make_variant(), make_variant()]
    order = bought(shopper(), 3, 2, variants=variants)

    for step, which, quantity in steps:
        with suppress(DomainError):
            play(order, step, which, quantity)
        units = units_of(order.pk)
        assert all(line.packed + line.shipped + line.delivered <= line.quantity for line in units)
        assert all(line.lost <= line.left for line in units)
        assert state_of(order) == order_state(units)
        # What left the shelf is what was ordered, and as many again as were replaced.
        lost = {variant.pk: gone(variant) for variant in variants}
        for line in units:
            variant = next(each for each in variants if each.pk == line.variant_id)
            assert 20 - shelf(variant)[0] == line.quantity + lost[variant.pk] - line.lost

    for part in OrderPart.objects.filter(order=order):
        delivered = all(line.delivered == line.quantity for line in units_of(order.pk) if line.part_id == part.pk)
        assert (part.delivered_at is not None) == delivered
        assert (payable(part.store_id) > 0) == delivered
    assert verify_books(is_full=True, at=timezone.now()) == []


def play(order: Order, step: str, which: int, quantity: int) -> None:
    if step == "pack":
        part = order.parts.order_by("pk")[which % 2]
        line = part.lines.get()
        quantities = {line.pk: quantity}
        services.pack_part(part_id=part.pk, quantities=quantities, actor_id=None, at=timezone.now())
        return
    act, state = {
        "ship": (ship, "packed"),
        "deliver": (deliver, "shipped"),
        "lose": (lose, "shipped"),
        "unpack": (unpack, "packed"),
    }[step]
    fitting = Shipment.objects.filter(part__order=order, state=state).order_by("pk")
    if fitting:
        act(fitting[which % len(fitting)])


def gone(variant: Any) -> int:
    """Units of it in parcels that were lost."""
    rows = ShipmentLine.objects.filter(line__variant=variant, shipment__state="lost")
    return sum(rows.values_list("quantity", flat=True))


# --- money


def test_each_store_is_settled_when_its_last_parcel_arrives():
    bread, cheese = make_variant(), make_variant()
    order = bought(shopper(), 2, 1, variants=[bread, cheese])
    part = order.parts.get(store=bread.store_id)
    first, second = packed(order, 1, part=part), packed(order, 1, part=part)

    deliver(ship(first))
    assert payable(bread.store_id) == 0
    deliver(ship(second))

    part.refresh_from_db()
    assert part.delivered_at is not None
    assert payable(bread.store_id) > 0
    assert payable(cheese.store_id) == 0
    assert escrow() == PRICE
    assert state_of(order) == "paid"
    assert told("order_delivered") == 0
    assert verify_books(is_full=True, at=timezone.now()) == []

    deliver(ship(packed(order, part=order.parts.get(store=cheese.store_id))))

    assert payable(cheese.store_id) > 0
    assert escrow() == 0
    assert state_of(order) == "delivered"
    assert told("order_delivered") == 1
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_an_order_of_which_something_is_on_its_way_is_not_cancelled_by_anybody():
    customer = shopper(200_000)
    order = bought(customer, 3)
    ship(packed(order, 1))

    for by in ({}, {"customer_id": customer.pk}):
        with pytest.raises(OrderSentInPartError):
            call_off(order, **by)

    assert state_of(order) == "paid"
    assert escrow() == 3 * PRICE


def test_calling_an_order_off_takes_its_packed_parcels_apart_once():
    customer = shopper(200_000)
    order = bought(customer, 2)
    shipment = packed(order)

    call_off(order)
    drain()

    shipment.refresh_from_db()
    assert shipment.state == "cancelled"
    assert posted_and_held(customer.pk) == (200_000, 0)
    assert shelf(order.lines.get().variant) == (20, 0)
    assert services.cancel_shipments(order_id=order.pk, at=timezone.now()) == 0
    assert shipment.history.count() == 2


def test_parcels_of_an_order_that_goes_on_are_left_alone():
    order = bought(shopper(), 1)
    packed(order)

    assert services.cancel_shipments(order_id=order.pk, at=timezone.now()) == 0

    assert Shipment.objects.get().state == "packed"


# --- lost


def test_what_was_lost_is_packed_again_from_the_shelf():
    order = bought(shopper(), 3)
    variant = order.lines.get().variant
    deliver(ship(packed(order, 1)))
    lose(ship(packed(order, 2)))
    assert state_of(order) == "paid"
    assert shelf(variant) == (17, 0)

    again = packed(order)

    assert shelf(variant) == (15, 0)
    assert order.lines.get().lost_quantity == 0
    deliver(ship(again))
    assert state_of(order) == "delivered"
    assert told("shipment_lost") == 1
    assert verify_books(is_full=True, at=timezone.now()) == []


def test_a_parcel_in_place_of_a_lost_one_that_is_taken_apart_costs_the_shelf_nothing_more():
    order = bought(shopper(), 2)
    variant = order.lines.get().variant
    lose(ship(packed(order)))

    unpack(packed(order))
    packed(order)

    assert shelf(variant) == (16, 0)


def test_what_is_not_on_the_shelf_is_not_packed_in_place_of_what_was_lost():
    order = bought(shopper(), 2)
    line = order.lines.get()
    lose(ship(packed(order, 1)))
    sell_stock(lines=[StockLine(line.variant_id, line.variant.store_id, 18)], idem_key="others")

    with pytest.raises(InsufficientStockError):
        packed(order, 2)
    packed(order, 1)

    assert ShipmentLine.objects.filter(shipment__state="packed").get().quantity == 1
    assert order.lines.get().lost_quantity == 1


def test_an_order_of_which_all_that_was_sent_is_lost_may_be_cancelled_and_only_the_rest_is_shelved():
    customer = shopper(200_000)
    order = bought(customer, 3)
    lose(ship(packed(order, 1)))

    call_off(order)
    drain()

    assert posted_and_held(customer.pk) == (200_000, 0)
    assert shelf(order.lines.get().variant) == (19, 0)
    assert verify_books(is_full=True, at=timezone.now()) == []
