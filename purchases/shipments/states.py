"""The shipment's state machine, in one table, and what an order's shipments say about the order."""

from collections.abc import Collection
from typing import Final

from purchases.orders.models import Order

from .models import Shipment
from .values import LineUnits

State = Shipment.State

TRANSITIONS: Final[dict[str, frozenset[str]]] = {
    State.PACKED: frozenset({State.SHIPPED, State.CANCELLED}),
    State.SHIPPED: frozenset({State.DELIVERED, State.LOST}),
    State.DELIVERED: frozenset(),
    State.LOST: frozenset(),
    State.CANCELLED: frozenset(),
}

ROAD: Final = (Order.State.PAID, Order.State.PACKED, Order.State.SHIPPED, Order.State.DELIVERED)
"""How far an order's shipments can take it."""


def order_state(lines: Collection[LineUnits]) -> Order.State:
    """How far the order is: as far as the last of its units. Units that were never packed, or lost, keep it paid."""
    if all(line.delivered >= line.wanted for line in lines):
        return Order.State.DELIVERED
    if all(line.shipped + line.delivered >= line.wanted for line in lines):
        return Order.State.SHIPPED
    return Order.State.PAID if any(line.left for line in lines) else Order.State.PACKED
