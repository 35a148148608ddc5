"""Writing orders and moving them along."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from funds import facade as funds
from funds.contracts import PartSettlement
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.numbers import new_number
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderDelivered, OrderPaid, OrderPlaced

from .errors import OrderNotFoundError, TransitionRefusedError
from .models import Order, OrderEvent, OrderLine, OrderPart
from .rows import amounts_of, parts_and_lines
from .states import TRANSITIONS
from .values import SoldLine


@transaction.atomic
def record_paid_order(
    *, order_id: UUID, customer_id: UUID, source: str, source_key: str, lines: Sequence[SoldLine], at: datetime
) -> Order:
    """Write an order whose money is taken in the same transaction, its parts, lines and history; publish it.

    The lines are in one currency (`CurrencyMismatchError` otherwise); a second order for the same source and
    key breaks a unique constraint.
    """
    order = Order.objects.create(
        id=order_id,
        number=new_number(),
        customer_id=customer_id,
        source=source,
        source_key=source_key,
        state=Order.State.PAID,
        **amounts_of(lines),
        placed_at=at,
    )
    parts, rows = parts_and_lines(order, lines)
    OrderPart.objects.bulk_create(parts)
    OrderLine.objects.bulk_create(rows)
    OrderEvent.objects.bulk_create(
        [
            OrderEvent(order=order, to_state=Order.State.PLACED, actor_id=customer_id, at=at),
            OrderEvent(
                order=order, from_state=Order.State.PLACED, to_state=Order.State.PAID, actor_id=customer_id, at=at
            ),
        ]
    )
    stores = tuple(part.store_id for part in parts)
    publish(
        OrderPlaced(order_id=order.id, customer_id=customer_id, store_ids=stores, total=order.total, placed_at=at),
        OrderPaid(order_id=order.id, customer_id=customer_id, store_ids=stores, total=order.total, paid_at=at),
    )
    return order


@transaction.atomic
def move_order(*, order_id: UUID, to_state: str, actor_id: UUID | None, at: datetime, note: str = "") -> Order:
    """Take one step of the state machine and write it into the history.

    Raises `OrderNotFoundError`, or `TransitionRefusedError` where the table has no such step. Delivery settles the
    order's money with its stores (`OrderNotPaidError` where the books know no payment) and publishes
    `OrderDelivered`. Other steps that move money (paid, cancelled, returned) belong to services that move it.
    """
    found = lock(LockRank.ORDER, Order.objects.filter(pk=order_id))
    if not found:
        raise OrderNotFoundError
    order = found[0]
    if to_state not in TRANSITIONS[order.state]:
        raise TransitionRefusedError(from_state=order.state, to_state=to_state)
    OrderEvent.objects.create(
        order=order, from_state=order.state, to_state=to_state, actor_id=actor_id, note=note, at=at
    )
    order.state = to_state
    order.save(update_fields=["state", "updated_at"])
    if to_state == Order.State.DELIVERED:
        _settle(order, at)
        publish(
            OrderDelivered(
                order_id=order.id,
                customer_id=order.customer_id,
                store_ids=tuple(order.parts.values_list("store_id", flat=True)),
                total=order.total,
                delivered_at=at,
            )
        )
    return order


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
