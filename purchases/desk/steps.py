"""Steps of a whole order that a clerk takes with one click, by name: everything that is left goes in one parcel a store."""

from collections.abc import Callable
from typing import Final

from purchases.orders.models import Order
from purchases.shipments.services import deliver_order, pack_order, ship_order

State = Order.State

OFFERED: Final[dict[str, tuple[str, Callable[..., None]]]] = {
    "pack": (State.PAID, pack_order),
    "send": (State.PACKED, ship_order),
    "deliver": (State.SHIPPED, deliver_order),
}
"""In which state of an order each step is offered, and what takes it."""
