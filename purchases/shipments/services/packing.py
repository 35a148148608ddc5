"""Parcels are made and taken apart again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from marketplace.core import audit
from purchases.orders.errors import TransitionRefusedError
from purchases.orders.models import Order, OrderLine, OrderPart
from purchases.orders.services import lock_order
from purchases.shipments.errors import NothingToPackError, PartNotFoundError, TooManyPackedError
from purchases.shipments.models import Shipment, ShipmentEvent, ShipmentLine
from purchases.shipments.selectors import units_of
from purchases.shipments.values import LineUnits
from stores import facade as stores
from stores.contracts import StockLine

from .moving import expect_fulfillable, follow, lock_shipment, move, shipments_of

Packing = Sequence[tuple[LineUnits, int]]
"""How many units of each line go into a parcel."""


@transaction.atomic
def pack_part(
    *, part_id: UUID, quantities: Mapping[UUID, int] | None, actor_id: UUID | None, at: datetime, note: str = ""
) -> Shipment:
    """Put so many units of lines of one store's part into a parcel; without `quantities` everything that is left.

    Units that take the place of lost ones are taken from the shelf. An order of which nothing is left to pack is
    packed. Raises `PartNotFoundError` (also for a line of another part), `TransitionRefusedError` for an order that is
    not paid or is over, `TooManyPackedError`, `NothingToPackError`, `InsufficientStockError`.
    """
    order_id = OrderPart.objects.filter(pk=part_id).values_list("order", flat=True).first()
    if order_id is None:
        raise PartNotFoundError
    order = lock_order(order_id)
    expect_fulfillable(order, Order.State.PACKED)
    lines = {line.line_id: line for line in units_of(order.pk) if line.part_id == part_id}
    packing = _everything(list(lines.values())) if quantities is None else _chosen(lines, quantities)
    (shipment,) = _pack(order, {part_id: packing}, actor_id=actor_id, at=at, note=note)
    return shipment


@transaction.atomic
def pack_order(*, order_id: UUID, actor_id: UUID | None, at: datetime) -> list[Shipment]:
    """Everything that is left of a paid order, in one parcel for each store.

    Raises `OrderNotFoundError`, `TransitionRefusedError` for an order that is not paid or packed already,
    `NothingToPackError`, `InsufficientStockError`.
    """
    order = lock_order(order_id)
    if order.state != Order.State.PAID:
        raise TransitionRefusedError(from_state=order.state, to_state=Order.State.PACKED)
    return pack_rest(order, actor_id=actor_id, at=at)


def pack_rest(order: Order, *, actor_id: UUID | None, at: datetime) -> list[Shipment]:
    """What is left of a locked order, in one parcel for each store that has something left."""
    by_part: dict[UUID, list[LineUnits]] = {}
    for line in units_of(order.pk):
        if line.left:
            by_part.setdefault(line.part_id, []).append(line)
    if not by_part:
        raise NothingToPackError
    parcels = {part_id: _everything(lines) for part_id, lines in sorted(by_part.items())}
    return _pack(order, parcels, actor_id=actor_id, at=at)


@transaction.atomic
def unpack_shipment(*, shipment_id: UUID, actor_id: UUID | None, at: datetime, note: str = "") -> Shipment:
    """Take a packed parcel apart: its units are to be packed again, and a packed order is only paid.

    Raises `ShipmentNotFoundError`, `ShipmentStateError`.
    """
    order, shipment = lock_shipment(shipment_id)
    move(shipment, Shipment.State.CANCELLED, actor_id=actor_id, at=at, note=note)
    follow(order, actor_id=actor_id, at=at, note=note)
    return shipment


@transaction.atomic
def cancel_shipments(*, order_id: UUID, at: datetime) -> int:
    """Take apart what was packed of an order that was called off; how many parcels. Harmless twice."""
    order = lock_order(order_id)
    if order.state != Order.State.CANCELLED:
        return 0
    packed = shipments_of(order, Shipment.State.PACKED)
    for shipment in packed:
        move(shipment, Shipment.State.CANCELLED, actor_id=None, at=at)
    return len(packed)


def _everything(lines: Sequence[LineUnits]) -> Packing:
    packing = [(line, line.left) for line in lines if line.left]
    if not packing:
        raise NothingToPackError
    return packing


def _chosen(lines: Mapping[UUID, LineUnits], quantities: Mapping[UUID, int]) -> Packing:
    if not quantities.keys() <= lines.keys():
        raise PartNotFoundError
    if not quantities:
        raise NothingToPackError
    for line_id, quantity in quantities.items():
        if not 1 <= quantity <= lines[line_id].left:
            raise TooManyPackedError(sku=lines[line_id].sku, left=lines[line_id].left)
    return [(lines[line_id], quantities[line_id]) for line_id in sorted(quantities)]


def _pack(
    order: Order, parcels: Mapping[UUID, Packing], *, actor_id: UUID | None, at: datetime, note: str = ""
) -> list[Shipment]:
    shipments = [Shipment(part_id=part_id) for part_id in parcels]
    Shipment.objects.bulk_create(shipments)
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=line.line_id, quantity=quantity)
        for shipment in shipments
        for line, quantity in parcels[shipment.part_id]
    )
    for shipment in shipments:
        ShipmentEvent.objects.create(
            shipment=shipment, to_state=Shipment.State.PACKED, actor_id=actor_id, note=note[:200], at=at
        )
        units = {str(line.line_id): quantity for line, quantity in parcels[shipment.part_id]}
        audit.record(
            actor_id=actor_id, action="purchases.pack_shipment", subject=shipment, after={"lines": units}, reason=note
        )
    follow(order, actor_id=actor_id, at=at)
    _replace_lost(order, [each for packing in parcels.values() for each in packing], shipments[0], actor_id)
    return shipments


def _replace_lost(order: Order, packing: Packing, shipment: Shipment, actor_id: UUID | None) -> None:
    """Take others from the shelf for what was lost. Goods of another system's orders were never on it."""
    again = [(line, units) for line, quantity in packing if (units := line.replaced(quantity))]
    for line, units in again:
        OrderLine.objects.filter(pk=line.line_id).update(lost_quantity=F("lost_quantity") - units)
    if again and order.source != Order.Source.IMPORT:
        stores.sell_stock(
            lines=[StockLine(line.variant_id, line.store_id, units) for line, units in again],
            idem_key=f"shipment:{shipment.pk}",
            cause=f"order:{order.pk}",
            actor_id=actor_id,
        )
