"""Steps of a whole order that a clerk takes with one click, by name. One place: whoever moves orders answers here."""

from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from purchases.orders.models import Order
from purchases.orders.services import move_order

State = Order.State


def pack(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> None:
    """Everything is in its parcels. Raises `OrderNotFoundError`, `TransitionRefusedError`."""
    move_order(order_id=order_id, to_state=State.PACKED, actor_id=actor_id, at=at)


def send(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> None:
    """Everything is on its way. Raises `OrderNotFoundError`, `TransitionRefusedError`."""
    move_order(order_id=order_id, to_state=State.SHIPPED, actor_id=actor_id, at=at)


def deliver(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> None:
    """Everything has arrived: its money is shared out.

    Raises `OrderNotFoundError`, `TransitionRefusedError`, `OrderNotPaidError`.
    """
    move_order(order_id=order_id, to_state=State.DELIVERED, actor_id=actor_id, at=at)


OFFERED: Final[dict[str, tuple[str, Callable[..., None]]]] = {
    "pack": (State.PAID, pack),
    "send": (State.PACKED, send),
    "deliver": (State.SHIPPED, deliver),
}
"""In which state of an order each step is offered, and what takes it."""
