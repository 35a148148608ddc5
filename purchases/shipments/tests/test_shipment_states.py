"""The shipment's state machine: every step from every state, and what a refused step leaves behind."""

import itertools
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.models import AuditEntry, OutboxEvent
from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Order, Shipment, ShipmentEvent
from purchases.orders.errors import TransitionRefusedError
from purchases.orders.models import OrderPart
from purchases.shipments import services
from purchases.shipments.errors import ShipmentIsOverError, ShipmentStateError
from purchases.shipments.states import TRANSITIONS, order_state
from purchases.shipments.values import LineUnits

from .factories import packed

STEPS: Any = {
    "shipped": services.ship_shipment,
    "delivered": services.deliver_shipment,
    "lost": services.lose_shipment,
    "cancelled": services.unpack_shipment,
}
# How a parcel gets into each state.
WAYS = {
    "packed": [],
    "shipped": ["shipped"],
    "delivered": ["shipped", "delivered"],
    "lost": ["shipped", "lost"],
    "cancelled": ["cancelled"],
}


def take(shipment: Shipment, state: str, **said: Any) -> None:
    STEPS[state](shipment_id=shipment.pk, actor_id=None, at=timezone.now(), **said)


def everything() -> list[Any]:
    models = (Order, OrderPart, Shipment, ShipmentEvent, AuditEntry, OutboxEvent)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def test_every_state_is_in_the_table():
    assert set(TRANSITIONS) == set(Shipment.State)
    assert set(STEPS) == set().union(*TRANSITIONS.values())


@pytest.mark.django_db
@pytest.mark.parametrize(("from_state", "to_state"), list(itertools.product(WAYS, STEPS)))
def test_only_the_steps_of_the_table_are_taken(from_state, to_state):
    shipment = packed(bought(shopper(), 2), 1)
    for state in WAYS[from_state]:
        take(shipment, state)
    before = everything()

    if to_state in TRANSITIONS[from_state]:
        take(shipment, to_state, note="At the door")
    else:
        with pytest.raises(ShipmentStateError):
            take(shipment, to_state, note="At the door")
        assert everything() == before

    shipment.refresh_from_db()
    is_taken = to_state in TRANSITIONS[from_state]
    assert shipment.state == (to_state if is_taken else from_state)
    last: Any = shipment.history.order_by("pk").last()
    assert (last.to_state, last.note) == ((to_state, "At the door") if is_taken else (from_state, ""))
    assert AuditEntry.objects.filter(object_id=str(shipment.pk)).count() == shipment.history.count()


@pytest.mark.django_db
def test_parcels_of_an_order_that_was_called_off_do_not_move():
    order = bought(shopper(), 1)
    shipment = packed(order)
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    before = everything()

    for state in ("shipped", "delivered", "lost"):
        with pytest.raises(TransitionRefusedError):
            take(shipment, state)

    assert everything() == before


@pytest.mark.django_db
def test_tracking_is_set_and_corrected_until_the_parcel_is_over():
    shipment = packed(bought(shopper(), 1))
    change: Any = {"shipment_id": shipment.pk, "actor_id": None}

    services.set_tracking(changes={"carrier": " Estafeta "}, **change)
    take(shipment, "shipped", tracking="1")
    services.set_tracking(changes={"tracking": "2"}, **change)
    take(shipment, "delivered")
    with pytest.raises(ShipmentIsOverError):
        services.set_tracking(changes={"tracking": "3"}, **change)

    shipment.refresh_from_db()
    assert (shipment.carrier, shipment.tracking) == ("Estafeta", "2")
    trail = AuditEntry.objects.filter(action="purchases.set_shipment_tracking").order_by("pk")
    assert [(entry.before, entry.after) for entry in trail] == [
        ({"carrier": ""}, {"carrier": "Estafeta"}),
        ({"tracking": "1"}, {"tracking": "2"}),
    ]


def units(quantity: int, **where: Any) -> LineUnits:
    ids: Any = dict.fromkeys(("line_id", "part_id", "store_id", "variant_id", "sku"))
    return LineUnits(**ids, quantity=quantity, **where)


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        ([units(2)], "paid"),
        ([units(2, packed=1, delivered=1)], "packed"),
        ([units(2, packed=2), units(1)], "paid"),
        ([units(2, packed=1, shipped=1)], "packed"),
        ([units(2, shipped=1, delivered=1)], "shipped"),
        ([units(2, delivered=2), units(1, shipped=1)], "shipped"),
        ([units(2, delivered=2), units(1, delivered=1)], "delivered"),
        ([units(2, shipped=1, lost=1)], "paid"),
        ([units(3, returned=1, delivered=2)], "delivered"),
        ([units(3, returned=2, delivered=3)], "delivered"),
    ],
)
def test_an_order_is_as_far_as_the_last_of_its_units(lines, state):
    assert order_state(lines) == state


def test_what_was_lost_is_replaced_last():
    line = units(5, lost=2, delivered=1)

    assert line.left == 4
    assert [line.replaced(quantity) for quantity in (1, 2, 3, 4)] == [0, 0, 1, 2]
