"""Steps of a whole order that a clerk takes with one click: what is left goes in one parcel a store."""

from collections.abc import Callable
from typing import Final

from purchases.orders.models import Order
from purchases.shipments.services import deliver_order, pack_order, ship_order

State = Order.State
pack, send, deliver = pack_order, ship_order, deliver_order

OFFERED: Final[dict[str, tuple[str, Callable[..., object]]]] = {
    "pack": (State.PAID, pack),
    "send": (State.PACKED, send),
    "deliver": (State.SHIPPED, deliver),
}
"""In which state of an order each step is offered, and what takes it."""
