"""Calling off what will never be sent. Money moves in the order's own transaction; goods follow by its event."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderPartCalledOff
from purchases.orders.models import CallOff, CallOffLine, Order, OrderLine, OrderPart, ReturnLine
from purchases.orders.services import lock_order, note_arrived, refund_parts, step, tell_cancelled
from purchases.orders.states import FULFILLABLE
from purchases.orders.values import refund_of
from purchases.shipments.errors import PartNotFoundError
from purchases.shipments.selectors import units_of
from purchases.shipments.services import follow
from purchases.shipments.values import LineUnits
from stores import facade as stores
from stores.contracts import StockLine

from .errors import CallOffRefusedError, NothingToCallOffError, TooManyCalledOffError

Taken = Sequence[tuple[LineUnits, int]]
"""How many units of each line are called off."""


@transaction.atomic
def call_off_part(
    *,
    part_id: UUID,
    quantities: Mapping[UUID, int] | None,
    fate: str,
    reason: str,
    actor_id: UUID | None,
    at: datetime,
) -> CallOff:
    """Call off so many units of lines of one store's part that are in no living parcel; without `quantities` all.

    The customer gets back each unit's share of what its line cost, and the part's sending when nothing of the part is
    on its way, has arrived or is still to be sent. Of units of a line those that were lost go first: they are on no
    shelf. The order goes on as far as the last of its other units; when none is left it is cancelled. Raises
    `PartNotFoundError` (also for a line of another part), `CallOffRefusedError` for an order that is not paid or is
    over, `TooManyCalledOffError`, `NothingToCallOffError`, `ValueError` for a fate that goods do not have.
    """
    if fate not in ReturnLine.Fate.values:
        raise ValueError("goods that are called off are restocked or written off")
    order_id = OrderPart.objects.filter(pk=part_id).values_list("order", flat=True).first()
    if order_id is None:
        raise PartNotFoundError
    order = lock_order(order_id)
    if order.state not in FULFILLABLE:
        raise CallOffRefusedError(state=order.state)
    units = units_of(order.pk)
    taken = _taken([line for line in units if line.part_id == part_id], quantities)
    # As far as the last of its units: where none waits to be packed, an order is packed. Orders that came so from
    # another system have no parcels here, and what was sent there cannot be called off.
    if not taken or order.state != Order.State.PAID:
        raise NothingToCallOffError
    called_off = CallOff(part_id=part_id, fate=fate, reason=reason, actor_id=actor_id, called_off_at=at)
    _write(order, called_off, taken)
    is_whole = sum(line.wanted for line in units) == sum(quantity for _line, quantity in taken)
    _go_on(order, called_off, is_whole=is_whole)
    _tell(order, called_off, taken, is_whole=is_whole)
    return called_off


@transaction.atomic
def put_unsent_goods_away(*, call_off_id: UUID) -> None:
    """What was called off and is here goes on the shelf again, unless it was written off. Harmless twice."""
    called_off = CallOff.objects.select_related("part__order").get(pk=call_off_id)
    order = called_off.part.order
    if order.source == Order.Source.IMPORT or called_off.fate != ReturnLine.Fate.RESTOCK:
        return
    rows = [(row.line.variant_id, row.quantity - row.lost_quantity) for row in called_off.lines.select_related("line")]
    lines = [StockLine(variant_id, called_off.part.store_id, here) for variant_id, here in rows if here]
    if lines:
        stores.receive_stock(lines=lines, idem_key=f"call-off:{called_off.pk}", cause=f"order:{order.pk}")


def _taken(lines: Collection[LineUnits], quantities: Mapping[UUID, int] | None) -> Taken:
    if quantities is None:
        return [(line, line.left) for line in lines if line.left]
    known = {line.line_id: line for line in lines}
    if not quantities.keys() <= known.keys():
        raise PartNotFoundError
    for line_id, quantity in quantities.items():
        if not 1 <= quantity <= known[line_id].left:
            raise TooManyCalledOffError(sku=known[line_id].sku, left=known[line_id].left)
    return [(known[line_id], quantities[line_id]) for line_id in sorted(quantities)]


def _write(order: Order, called_off: CallOff, taken: Taken) -> None:
    """The units and their money, in the order's rows and its own. Orders of another system brought no money here."""
    by_id = OrderLine.objects.in_bulk([line.line_id for line, _quantity in taken])
    rows = []
    for units, quantity in taken:
        line = by_id[units.line_id]
        back = 0 if order.source == Order.Source.IMPORT else refund_of(line, quantity)
        lost = min(quantity, line.lost_quantity)
        rows.append(
            CallOffLine(call_off=called_off, line=line, quantity=quantity, lost_quantity=lost, refund_minor=back)
        )
        line.returned_quantity += quantity
        line.called_off_quantity += quantity
        line.lost_quantity -= lost
        line.refunded_minor += back
    columns = ["returned_quantity", "called_off_quantity", "lost_quantity", "refunded_minor"]
    OrderLine.objects.bulk_update(by_id.values(), columns)
    called_off.shipping_minor = _shipping_of(called_off.part)
    called_off.refund_minor = called_off.shipping_minor + sum(row.refund_minor for row in rows)
    called_off.save(force_insert=True)
    CallOffLine.objects.bulk_create(rows)


def _shipping_of(part: OrderPart) -> int:
    """What goes back of the part's sending: all, once none of its units is to be sent any more."""
    if any(line.quantity > line.called_off_quantity for line in OrderLine.objects.filter(part=part)):
        return 0
    shipping = part.shipping_minor - part.shipping_refunded_minor
    part.shipping_refunded_minor += shipping
    part.save(update_fields=["shipping_refunded_minor", "updated_at"])
    return shipping


def _go_on(order: Order, called_off: CallOff, *, is_whole: bool) -> None:
    """The order's next steps, and the money: back to the customer, and on to stores whose parts are complete."""
    by: dict[str, Any] = {"actor_id": called_off.actor_id, "at": called_off.called_off_at}
    pay_back = partial(_pay_back, called_off=called_off)
    if not is_whole:
        step(order, Order.State.PAID, **by, note=called_off.reason)
        follow(order, **by, settle=pay_back)
        return
    step(order, Order.State.CANCELLED, **by, note=called_off.reason)
    pay_back(order, (), at=called_off.called_off_at)
    tell_cancelled(
        order,
        back=Money(called_off.refund_minor, order.currency),
        was_sold=True,
        was_paid=True,
        at=called_off.called_off_at,
    )


def _pay_back(order: Order, part_ids: Collection[UUID], *, at: datetime, called_off: CallOff) -> None:
    refund_parts(
        order,
        {called_off.part_id: called_off.refund_minor},
        key=f"call-off:{called_off.pk}",
        reason=called_off.reason,
        at=at,
        complete=note_arrived(order, part_ids, at=at),
    )


def _tell(order: Order, called_off: CallOff, taken: Taken, *, is_whole: bool) -> None:
    audit.record(
        actor_id=called_off.actor_id,
        action="purchases.call_off_part",
        subject=called_off,
        after={
            "part": called_off.part_id,
            "lines": {str(line.line_id): quantity for line, quantity in taken},
            "fate": called_off.fate,
            "refund_minor": called_off.refund_minor,
        },
        reason=called_off.reason,
    )
    publish(
        OrderPartCalledOff(
            order_id=order.pk,
            call_off_id=called_off.pk,
            part_id=called_off.part_id,
            store_id=called_off.part.store_id,
            customer_id=order.customer_id,
            refund=Money(called_off.refund_minor, order.currency),
            is_whole=is_whole,
            called_off_at=called_off.called_off_at,
        )
    )
