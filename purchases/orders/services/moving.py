"""Moving orders along: every step is one of the table's, and an event row."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace.core.locking import LockRank, lock
from purchases.orders.errors import OrderNotFoundError, TransitionRefusedError
from purchases.orders.models import Order, OrderEvent
from purchases.orders.states import TRANSITIONS

BY_HAND: Final = frozenset({Order.State.CLOSED})
"""Steps that need nothing but somebody's word; the others move money or goods, or follow the shipments."""


@transaction.atomic
def move_order(*, order_id: UUID, to_state: str, actor_id: UUID | None, at: datetime, note: str = "") -> Order:
    """Take one of the steps `BY_HAND` and write it into the history.

    Raises `OrderNotFoundError`, or `TransitionRefusedError` where the table has no such step.
    """
    order = lock_order(order_id)
    if to_state not in BY_HAND:
        raise TransitionRefusedError(from_state=order.state, to_state=to_state)
    step(order, to_state, actor_id=actor_id, at=at, note=note)
    return order


def lock_order(order_id: UUID) -> Order:
    """The order under its lock; raises `OrderNotFoundError`."""
    found = lock(LockRank.ORDER, Order.objects.filter(pk=order_id))
    if not found:
        raise OrderNotFoundError
    return found[0]


def step(order: Order, to_state: str, *, actor_id: UUID | None, at: datetime, note: str = "") -> None:
    """Take a locked order one step further. Raises `TransitionRefusedError`; then nothing is written."""
    if to_state not in TRANSITIONS[order.state]:
        raise TransitionRefusedError(from_state=order.state, to_state=to_state)
    OrderEvent.objects.create(
        order=order, from_state=order.state, to_state=to_state, actor_id=actor_id, note=note[:200], at=at
    )
    order.state = to_state
    order.save(update_fields=["state", "updated_at"])


def store_ids(order: Order) -> tuple[UUID, ...]:
    """The stores that sold it."""
    return tuple(part.store_id for part in order.parts.all())
