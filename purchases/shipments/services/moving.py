"""Moving shipments along, and their order with them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from marketplace.core import audit
from purchases.orders.errors import TransitionRefusedError
from purchases.orders.models import Order
from purchases.orders.services import lock_order, settle_parts, step, tell_delivered
from purchases.orders.states import FULFILLABLE
from purchases.shipments.errors import ShipmentNotFoundError, ShipmentStateError
from purchases.shipments.models import Shipment, ShipmentEvent
from purchases.shipments.selectors import units_of
from purchases.shipments.states import ROAD, TRANSITIONS, order_state

VERBS = {
    Shipment.State.SHIPPED: "ship",
    Shipment.State.DELIVERED: "deliver",
    Shipment.State.LOST: "lose",
    Shipment.State.CANCELLED: "unpack",
}


class Settle(Protocol):
    """How parts that are complete are settled."""

    def __call__(self, order: Order, part_ids: Collection[UUID], *, at: datetime) -> None: ...


def lock_shipment(shipment_id: UUID) -> tuple[Order, Shipment]:
    """The shipment under its order's lock, which is all there is to lock: the pair never changes.

    Raises `ShipmentNotFoundError`.
    """
    order_id = Shipment.objects.filter(pk=shipment_id).values_list("part__order", flat=True).first()
    if order_id is None:
        raise ShipmentNotFoundError
    order = lock_order(order_id)
    return order, Shipment.objects.select_related("part").get(pk=shipment_id)


def shipments_of(order: Order, state: str) -> list[Shipment]:
    """The locked order's shipments in that state."""
    return list(Shipment.objects.filter(part__order=order, state=state).select_related("part").order_by("pk"))


def expect_fulfillable(order: Order, to_state: str) -> None:
    """Raises `TransitionRefusedError` for an order that is not paid, or over."""
    if order.state not in FULFILLABLE:
        raise TransitionRefusedError(from_state=order.state, to_state=to_state)


def move(
    shipment: Shipment, to_state: Shipment.State, *, actor_id: UUID | None, at: datetime, note: str = "", **columns: Any
) -> None:
    """Take a shipment of a locked order one step further. Raises `ShipmentStateError`; then nothing is written."""
    before = shipment.state
    if to_state not in TRANSITIONS[before]:
        raise ShipmentStateError(from_state=before, to_state=to_state)
    for name, value in {"state": to_state, **columns}.items():
        setattr(shipment, name, value)
    shipment.save(update_fields=["state", *columns, "updated_at"])
    ShipmentEvent.objects.create(
        shipment=shipment, from_state=before, to_state=to_state, actor_id=actor_id, note=note[:200], at=at
    )
    audit.record(
        actor_id=actor_id,
        action=f"purchases.{VERBS[to_state]}_shipment",
        subject=shipment,
        before={"state": before},
        after={"state": to_state, **columns},
        reason=note,
    )


def follow(
    order: Order, *, actor_id: UUID | None, at: datetime, note: str = "", settle: Settle = settle_parts
) -> Collection[UUID]:
    """Take the locked order where its shipments are; the parts of which everything has arrived.

    Forward step by step, so that none is left out of the history; back only to paid, when something is to be packed
    (again). A part that is complete is settled (by `settle`, which is told of no part, too), an order that is complete
    is told. Raises `OrderNotPaidError`. Locks accounts where a part is complete.
    """
    lines = units_of(order.pk)
    reached = order_state(lines)
    here, there = ROAD.index(Order.State(order.state)), ROAD.index(reached)
    if reached == Order.State.PAID != order.state:
        step(order, reached, actor_id=actor_id, at=at, note=note)
    for state in ROAD[here + 1 : there + 1]:
        step(order, state, actor_id=actor_id, at=at, note=note)
    # Of a part that was called off whole nothing arrives, and nothing is left to share out.
    arrived = {line.part_id for line in lines if line.delivered}
    complete = arrived - {line.part_id for line in lines if line.delivered < line.wanted}
    settle(order, complete, at=at)
    if order.state == Order.State.DELIVERED:
        tell_delivered(order, at=at)
    return complete
