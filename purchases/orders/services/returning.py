"""Goods that come back: asked for by the customer, decided by staff, paid back when they are here."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderReturned, ReturnDecided, ReturnRequested
from purchases.orders.errors import (
    NotReturnableError,
    OrderNotFoundError,
    ReturnNotFoundError,
    ReturnStateError,
    TooManyReturnedError,
)
from purchases.orders.models import Order, OrderLine, OrderReturn, ReturnLine
from purchases.orders.selectors import on_their_way_back
from purchases.orders.values import refund_of

from .moving import lock_order, step
from .refunding import refund_parts

State = OrderReturn.State


@transaction.atomic
def request_return(
    *,
    order_id: UUID,
    customer_id: UUID,
    quantities: Mapping[UUID, int],
    reason: str,
    within: timedelta,
    at: datetime,
) -> OrderReturn:
    """Ask to give units of lines back, within so long after delivery.

    Raises `OrderNotFoundError` (also for another's order or an unknown line), `NotReturnableError` for an order that
    was not delivered or too long ago, `TooManyReturnedError` for more units than the customer still has.
    """
    order = lock_order(order_id)
    if order.customer_id != customer_id:
        raise OrderNotFoundError
    delivered = order.history.filter(to_state=Order.State.DELIVERED).order_by("pk").first()
    if (
        order.state not in {Order.State.DELIVERED, Order.State.PARTLY_RETURNED}
        or delivered is None
        or at > delivered.at + within
    ):
        raise NotReturnableError(state=order.state)
    _expect_units(order, quantities)
    returned = OrderReturn.objects.create(order=order, reason=reason)
    ReturnLine.objects.bulk_create(
        ReturnLine(order_return=returned, line_id=line_id, quantity=quantity)
        for line_id, quantity in sorted(quantities.items())
    )
    publish(ReturnRequested(return_id=returned.pk, order_id=order.pk, customer_id=customer_id))
    return returned


@transaction.atomic
def approve_return(*, return_id: UUID, actor_id: UUID | None, answer: str = "") -> OrderReturn:
    """The customer may send it. Raises `ReturnNotFoundError`, `ReturnStateError`."""
    return _decide(return_id, State.APPROVED, actor_id=actor_id, answer=answer)


@transaction.atomic
def refuse_return(*, return_id: UUID, actor_id: UUID | None, answer: str) -> OrderReturn:
    """The customer keeps it, and is told why. Raises `ReturnNotFoundError`, `ReturnStateError`."""
    return _decide(return_id, State.REFUSED, actor_id=actor_id, answer=answer)


@transaction.atomic
def receive_return(*, return_id: UUID, fates: Mapping[UUID, str], actor_id: UUID | None, at: datetime) -> OrderReturn:
    """It is here: the money goes back, good units go on the shelf (`fates` by order line: restock or write off).

    A line costs what is left of it, so that units given back one by one come to the line's total. What sending cost
    stays. Raises `ReturnNotFoundError`, `ReturnStateError`, `ValueError` for a line without a fate.
    """
    returned = _lock_return(return_id)
    if returned.state != State.APPROVED:
        raise ReturnStateError(state=returned.state)
    order = returned.order
    rows = list(returned.lines.select_related("line").order_by("line"))
    if {row.line_id for row in rows} != set(fates) or not set(fates.values()) <= set(ReturnLine.Fate.values):
        raise ValueError("every line that came back is restocked or written off")
    back: dict[UUID, int] = defaultdict(int)
    for row in rows:
        line = row.line
        row.fate = fates[line.pk]
        row.refund_minor = refund_of(line, row.quantity)
        line.returned_quantity += row.quantity
        line.refunded_minor += row.refund_minor
        back[line.part_id] += row.refund_minor
    ReturnLine.objects.bulk_update(rows, ["fate", "refund_minor"])
    OrderLine.objects.bulk_update([row.line for row in rows], ["returned_quantity", "refunded_minor"])
    is_whole = not any(line.quantity > line.returned_quantity for line in OrderLine.objects.filter(order=order))
    step(
        order,
        Order.State.RETURNED if is_whole else Order.State.PARTLY_RETURNED,
        actor_id=actor_id,
        at=at,
        note=returned.reason,
    )
    refund_parts(order, back, key=f"return:{returned.pk}", reason=returned.reason[:200], at=at)
    returned.state, returned.received_at, returned.refund_minor = State.RECEIVED, at, sum(back.values())
    returned.save(update_fields=["state", "received_at", "refund_minor", "updated_at"])
    publish(
        OrderReturned(
            order_id=order.pk,
            return_id=returned.pk,
            customer_id=order.customer_id,
            refund=returned.refund,
            is_whole=is_whole,
            returned_at=at,
        )
    )
    return returned


def _expect_units(order: Order, quantities: Mapping[UUID, int]) -> None:
    lines = {line.pk: line for line in order.lines.all()}
    if not quantities or not quantities.keys() <= lines.keys():
        raise OrderNotFoundError
    pending = on_their_way_back(order)
    for line_id, quantity in quantities.items():
        line = lines[line_id]
        left = line.quantity - line.returned_quantity - pending.get(line_id, 0)
        if not 1 <= quantity <= left:
            raise TooManyReturnedError(sku=line.sku, left=left)


def _lock_return(return_id: UUID) -> OrderReturn:
    """The return and its order, both locked: orders come first, and the pair never changes."""
    order_id = OrderReturn.objects.filter(pk=return_id).values_list("order", flat=True).first()
    if order_id is None:
        raise ReturnNotFoundError
    order = lock_order(order_id)
    (returned,) = lock(LockRank.ORDER, OrderReturn.objects.filter(pk=return_id))
    returned.order = order
    return returned


def _decide(return_id: UUID, state: OrderReturn.State, *, actor_id: UUID | None, answer: str) -> OrderReturn:
    returned = _lock_return(return_id)
    if returned.state != State.REQUESTED:
        raise ReturnStateError(state=returned.state)
    returned.state, returned.answer, returned.decided_by_id = state, answer, actor_id
    returned.save(update_fields=["state", "answer", "decided_by_id", "updated_at"])
    audit.record(
        actor_id=actor_id, action="purchases.decide_return", subject=returned, after={"state": state}, reason=answer
    )
    publish(
        ReturnDecided(
            return_id=returned.pk,
            order_id=returned.order_id,
            customer_id=returned.order.customer_id,
            is_approved=state == State.APPROVED,
        )
    )
    return returned
