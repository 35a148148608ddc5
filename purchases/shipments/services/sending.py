"""Parcels on their way: sent, arrived, or lost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import F

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.outbox.publishing import publish
from purchases.events import ShipmentDelivered, ShipmentLost, ShipmentShipped
from purchases.orders.errors import TransitionRefusedError
from purchases.orders.models import Order, OrderLine, OrderPart
from purchases.orders.services import lock_order
from purchases.shipments.errors import ShipmentIsOverError
from purchases.shipments.models import Shipment
from purchases.shipments.selectors import units_of
from purchases.shipments.states import TRANSITIONS

from .moving import expect_fulfillable, follow, lock_shipment, move, shipments_of
from .packing import pack_rest

is_web_address = URLValidator(schemes=["http", "https"])


@transaction.atomic
def ship_shipment(
    *,
    shipment_id: UUID,
    actor_id: UUID | None,
    at: datetime,
    carrier: str = "",
    tracking: str = "",
    tracking_url: str = "",
    note: str = "",
) -> Shipment:
    """Hand a packed parcel to its carrier; the customer is told. From here on the order cannot be cancelled.

    Raises `ShipmentNotFoundError`, `ShipmentStateError`, `TransitionRefusedError` for an order that was called off,
    `InvalidInputError` for a tracking page that is no http(s) address.
    """
    columns = _tracking(carrier=carrier, tracking=tracking, tracking_url=tracking_url)
    order, shipment = lock_shipment(shipment_id)
    expect_fulfillable(order, Order.State.SHIPPED)
    _ship(order, [shipment], actor_id=actor_id, at=at, note=note, **columns)
    return shipment


@transaction.atomic
def deliver_shipment(*, shipment_id: UUID, actor_id: UUID | None, at: datetime, note: str = "") -> Shipment:
    """The parcel arrived. With the last one of a store's part its money is shared out, with the last one of all the
    order is delivered.

    Raises `ShipmentNotFoundError`, `ShipmentStateError`, `OrderNotPaidError` where the books know no payment.
    """
    order, shipment = lock_shipment(shipment_id)
    expect_fulfillable(order, Order.State.DELIVERED)
    _deliver(order, [shipment], actor_id=actor_id, at=at, note=note)
    return shipment


@transaction.atomic
def lose_shipment(*, shipment_id: UUID, actor_id: UUID | None, at: datetime, note: str = "") -> Shipment:
    """The parcel was lost on its way: its units are to be packed again, from the shelf, and the order is only paid.

    A lost parcel stays lost; what turns up later goes on the shelf by a stock movement. Raises
    `ShipmentNotFoundError`, `ShipmentStateError`.
    """
    order, shipment = lock_shipment(shipment_id)
    expect_fulfillable(order, Order.State.PAID)
    move(shipment, Shipment.State.LOST, actor_id=actor_id, at=at, note=note)
    for line_id, quantity in shipment.lines.values_list("line", "quantity"):
        OrderLine.objects.filter(pk=line_id).update(lost_quantity=F("lost_quantity") + quantity)
    part_id = shipment.part_id
    if not any(line.shipped + line.delivered for line in units_of(order.pk) if line.part_id == part_id):
        OrderPart.objects.filter(pk=part_id).update(shipped_at=None)
    follow(order, actor_id=actor_id, at=at, note=note)
    publish(ShipmentLost(**_ids(order, shipment), lost_at=at))
    return shipment


@transaction.atomic
def set_tracking(*, shipment_id: UUID, actor_id: UUID | None, changes: dict[str, str]) -> Shipment:
    """Set `carrier`, `tracking`, `tracking_url`, those that are given, of a parcel that has not arrived yet.

    Raises `ShipmentNotFoundError`, `ShipmentIsOverError`, `InvalidInputError`.
    """
    columns = _tracking(**changes)
    _order, shipment = lock_shipment(shipment_id)
    if not TRANSITIONS[shipment.state]:
        raise ShipmentIsOverError(state=shipment.state)
    before = {name: getattr(shipment, name) for name in columns}
    for name, value in columns.items():
        setattr(shipment, name, value)
    shipment.save(update_fields=[*columns, "updated_at"])
    audit.record(
        actor_id=actor_id, action="purchases.set_shipment_tracking", subject=shipment, before=before, after=columns
    )
    return shipment


@transaction.atomic
def ship_order(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> list[Shipment]:
    """All parcels of a packed order are on their way.

    Raises `OrderNotFoundError`, `TransitionRefusedError` for an order that is not packed.
    """
    order = lock_order(order_id)
    if order.state != Order.State.PACKED:
        raise TransitionRefusedError(from_state=order.state, to_state=Order.State.SHIPPED)
    _pack_what_nobody_packed(order, actor_id, at)
    shipments = shipments_of(order, Shipment.State.PACKED)
    _ship(order, shipments, actor_id=actor_id, at=at)
    return shipments


@transaction.atomic
def deliver_order(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> list[Shipment]:
    """All parcels of a shipped order arrived.

    Raises `OrderNotFoundError`, `TransitionRefusedError` for an order that is not shipped, `OrderNotPaidError`.
    """
    order = lock_order(order_id)
    if order.state != Order.State.SHIPPED:
        raise TransitionRefusedError(from_state=order.state, to_state=Order.State.DELIVERED)
    _pack_what_nobody_packed(order, actor_id, at)
    _ship(order, shipments_of(order, Shipment.State.PACKED), actor_id=actor_id, at=at)
    shipments = shipments_of(order, Shipment.State.SHIPPED)
    _deliver(order, shipments, actor_id=actor_id, at=at)
    return shipments


def _pack_what_nobody_packed(order: Order, actor_id: UUID | None, at: datetime) -> None:
    """Orders that came packed or shipped from another system have no parcels here."""
    if any(line.left for line in units_of(order.pk)):
        pack_rest(order, actor_id=actor_id, at=at)


def _ship(
    order: Order,
    shipments: Sequence[Shipment],
    *,
    actor_id: UUID | None,
    at: datetime,
    note: str = "",
    **columns: str,
) -> None:
    for shipment in shipments:
        # What was written on the parcel before stays unless it is said anew.
        said = {name: value for name, value in columns.items() if value}
        move(shipment, Shipment.State.SHIPPED, actor_id=actor_id, at=at, note=note, shipped_at=at, **said)
    OrderPart.objects.filter(pk__in=[shipment.part_id for shipment in shipments], shipped_at=None).update(shipped_at=at)
    follow(order, actor_id=actor_id, at=at)
    publish(*(ShipmentShipped(**_ids(order, shipment), shipped_at=at) for shipment in shipments))


def _deliver(
    order: Order, shipments: Sequence[Shipment], *, actor_id: UUID | None, at: datetime, note: str = ""
) -> None:
    for shipment in shipments:
        move(shipment, Shipment.State.DELIVERED, actor_id=actor_id, at=at, note=note, delivered_at=at)
    complete = follow(order, actor_id=actor_id, at=at)
    publish(
        *(
            ShipmentDelivered(**_ids(order, shipment), is_part_complete=shipment.part_id in complete, delivered_at=at)
            for shipment in shipments
        )
    )


def _ids(order: Order, shipment: Shipment) -> dict[str, Any]:
    return {
        "shipment_id": shipment.pk,
        "order_id": order.pk,
        "part_id": shipment.part_id,
        "store_id": shipment.part.store_id,
        "customer_id": order.customer_id,
    }


def _tracking(**columns: str) -> dict[str, str]:
    """As it is kept. Raises `InvalidInputError`."""
    kept = {name: value.strip() for name, value in columns.items()}
    if kept.get("tracking_url"):
        try:
            is_web_address(kept["tracking_url"])
        except ValidationError as error:
            detail = gettext_noop("Give an address that begins with https:// or http://.")
            raise InvalidInputError.of("tracking_url", "invalid", detail) from error
    return kept
