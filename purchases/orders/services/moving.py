"""Moving orders along: every step is one of the table's, and an event row."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from funds import facade as funds
from funds.contracts import PartSettlement
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderDelivered
from purchases.orders.errors import OrderNotFoundError, TransitionRefusedError
from purchases.orders.models import Order, OrderEvent
from purchases.orders.states import TRANSITIONS

BY_HAND: Final = frozenset({Order.State.PACKED, Order.State.SHIPPED, Order.State.DELIVERED, Order.State.CLOSED})
"""Steps that need nothing but somebody's word; the others move money or goods and have services of their own."""


@transaction.atomic
def move_order(*, order_id: UUID, to_state: str, actor_id: UUID | None, at: datetime, note: str = "") -> Order:
    """Take one of the steps `BY_HAND` and write it into the history.

    Raises `OrderNotFoundError`, or `TransitionRefusedError` where the table has no such step. Delivery settles the
    order's money with its stores (`OrderNotPaidError` where the books know no payment) and publishes `OrderDelivered`.
    """
    order = lock_order(order_id)
    if to_state not in BY_HAND:
        raise TransitionRefusedError(from_state=order.state, to_state=to_state)
    step(order, to_state, actor_id=actor_id, at=at, note=note)
    if to_state == Order.State.DELIVERED:
        _settle(order, at)
        publish(
            OrderDelivered(
                order_id=order.id,
                customer_id=order.customer_id,
                store_ids=store_ids(order),
                total=order.total,
                delivered_at=at,
            )
        )
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


def _settle(order: Order, at: datetime) -> None:
    """Share the order's money out. Orders of another system brought none here."""
    if order.source == Order.Source.IMPORT:
        return
    parts = order.parts.annotate(tax=Sum("lines__tax_minor", default=0))
    funds.settle_order(
        order_id=order.id,
        parts=[
            PartSettlement(
                store_id=part.store_id,
                total=Money(part.total_minor, order.currency),
                tax=Money(part.tax, order.currency),
                commission_bp=part.commission_bp,
            )
            for part in parts
        ],
        at=at,
    )
