"""Orders that come to an end: called off, not paid in time, or long delivered."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from funds import facade as funds
from marketplace.core.clock import db_now
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderCancelled
from purchases.orders.errors import (
    OrderNotCancellableError,
    OrderNotFoundError,
    OrderSentInPartError,
    ReservedUnitsStayError,
)
from purchases.orders.models import Order
from purchases.orders.selectors import has_reserved_units, still_paid
from purchases.orders.states import CANCELLABLE, CANCELLABLE_BY_CUSTOMER, RETURNS_UNDER_WAY, TRANSITIONS

from .moving import lock_order, step, store_ids
from .paying import order_expired, sell_or_end
from .refunding import refund_all


@transaction.atomic
def cancel_order(
    *, order_id: UUID, actor_id: UUID | None, at: datetime, reason: str = "", customer_id: UUID | None = None
) -> Order:
    """Call an order off: the money goes back where it came from, goods and promotions' uses are free again.

    By its customer (`customer_id`) until it is packed, by staff until any of it is sent. Harmless twice. Raises
    `OrderNotFoundError` (also for another's order), `OrderNotCancellableError`, `OrderSentInPartError`;
    `ReservedUnitsStayError` for the customer who has paid for a flash promotion's unit: whoever gives units back could
    empty it for nothing.
    """
    order = lock_order(order_id)
    if customer_id is not None and order.customer_id != customer_id:
        raise OrderNotFoundError
    if order.state == Order.State.CANCELLED:
        return order
    if order.state not in (CANCELLABLE if customer_id is None else CANCELLABLE_BY_CUSTOMER):
        raise OrderNotCancellableError(state=order.state)
    if any(part.shipped_at for part in order.parts.all()):
        raise OrderSentInPartError
    if customer_id is not None and order.state != Order.State.PLACED and has_reserved_units(order):
        raise ReservedUnitsStayError
    was_sold = order.state != Order.State.PLACED
    is_paid = was_sold or funds.call_off_order_payment(order_id=order.pk)
    left = still_paid(order)
    step(order, Order.State.CANCELLED, actor_id=actor_id, at=at, note=reason)
    if is_paid:
        refund_all(order, key=Order.State.CANCELLED, reason=reason or "cancelled", at=at)
    tell_cancelled(order, back=left, was_sold=was_sold, was_paid=is_paid, at=at)
    return order


def tell_cancelled(order: Order, *, back: Money, was_sold: bool, was_paid: bool, at: datetime) -> None:
    """The order is called off, and so much of its money goes back with it."""
    publish(
        OrderCancelled(
            order_id=order.pk,
            customer_id=order.customer_id,
            store_ids=store_ids(order),
            total=back,
            was_sold=was_sold,
            was_paid=was_paid,
            cancelled_at=at,
        )
    )


def expire_due_orders(*, at: datetime, limit: int = 100) -> int:
    """End unpaid orders whose time is over by the database's clock, a transaction each; how many. Harmless twice."""
    due = Order.objects.filter(state=Order.State.PLACED, expires_at__lte=db_now()).order_by("expires_at")
    return sum(_expire(order_id, at) for order_id in list(due.values_list("pk", flat=True)[:limit]))


def close_due_orders(*, at: datetime, after: timedelta, limit: int = 1_000) -> int:
    """Close orders that were delivered so long ago that nothing can come back; how many. Harmless twice."""
    open_ = Order.objects.filter(
        state__in=[Order.State.DELIVERED, Order.State.PARTLY_RETURNED],
        history__to_state=Order.State.DELIVERED,
        history__at__lte=at - after,
    )
    waiting = open_.exclude(returns__state__in=RETURNS_UNDER_WAY).order_by("pk")
    return sum(_close(order_id, at) for order_id in list(waiting.values_list("pk", flat=True).distinct()[:limit]))


@transaction.atomic
def _close(order_id: UUID, at: datetime) -> bool:
    order = lock_order(order_id)
    # A return may have been asked for since the look.
    if Order.State.CLOSED not in TRANSITIONS[order.state] or order.returns.filter(state__in=RETURNS_UNDER_WAY).exists():
        return False
    step(order, Order.State.CLOSED, actor_id=None, at=at)
    return True


@transaction.atomic
def _expire(order_id: UUID, at: datetime) -> bool:
    order = lock_order(order_id)
    if order.state != Order.State.PLACED:
        return False
    if funds.is_order_paid(order_id=order.pk):
        sell_or_end(order, at)  # the event that says so is late, or was given up
        return False
    if funds.expire_order_payment(order_id=order.pk):
        return False  # its money came in time: the event that says so is on its way
    step(order, Order.State.EXPIRED, actor_id=None, at=at)
    publish(order_expired(order, at))
    return True
