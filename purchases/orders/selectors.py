"""Reading orders."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Prefetch, QuerySet, Sum
from django.db.models.functions import TruncDate

from marketplace.core.money import Money
from purchases.contracts import CallOffCard, DaySales, OrderCard, ReturnCard

from .errors import CallOffNotFoundError, OrderNotFoundError, ReturnNotFoundError
from .models import CallOff, Order, OrderLine, OrderReturn, ReturnLine
from .states import RETURNS_UNDER_WAY

# Paid at least once, whatever came later.
EARNING_STATES = [
    Order.State.PAID,
    Order.State.PACKED,
    Order.State.SHIPPED,
    Order.State.DELIVERED,
    Order.State.CLOSED,
    Order.State.PARTLY_RETURNED,
]


def orders_of(customer_id: UUID) -> QuerySet[Order]:
    """The customer's orders with their lines as they were placed; four queries a page."""
    lines = Prefetch("lines", OrderLine.objects.order_by("pk"))
    return Order.objects.filter(customer_id=customer_id).prefetch_related(lines, "parts", "history")


def order_of(customer_id: UUID, order_id: UUID) -> Order:
    """One of the customer's orders; raises `OrderNotFoundError`."""
    order = orders_of(customer_id).filter(pk=order_id).first()
    if order is None:
        raise OrderNotFoundError
    return order


def order_card(order_id: UUID) -> OrderCard:
    """For a message about the order; raises `OrderNotFoundError`."""
    order = Order.objects.filter(pk=order_id).prefetch_related("lines").first()
    if order is None:
        raise OrderNotFoundError
    lines = list(order.lines.all())
    first = lines[0].name if lines else ""
    count = sum(line.quantity for line in lines)
    return OrderCard(order.id, order.number, order.total, first, count, is_waiting=order.state == Order.State.PLACED)


def return_card(return_id: UUID) -> ReturnCard:
    """For a message about the return; raises `ReturnNotFoundError`."""
    returned = OrderReturn.objects.filter(pk=return_id).select_related("order").first()
    if returned is None:
        raise ReturnNotFoundError
    rows = list(returned.lines.select_related("line__part").order_by("pk"))
    return ReturnCard(
        return_id=returned.pk,
        order_id=returned.order_id,
        number=returned.order.number,
        first_item=rows[0].line.name if rows else "",
        answer=returned.answer,
        refund=returned.refund,
        store_ids=tuple(sorted({row.line.part.store_id for row in rows})),
    )


def call_off_card(call_off_id: UUID) -> CallOffCard:
    """For a message about units that will not be sent; raises `CallOffNotFoundError`."""
    called_off = CallOff.objects.filter(pk=call_off_id).select_related("part__order").first()
    if called_off is None:
        raise CallOffNotFoundError
    order = called_off.part.order
    rows = list(called_off.lines.select_related("line").order_by("line__sku", "pk"))
    return CallOffCard(
        call_off_id=called_off.pk,
        order_id=order.pk,
        number=order.number,
        first_item=rows[0].line.name,
        items_count=sum(row.quantity for row in rows),
        reason=called_off.reason,
        refund=Money(called_off.refund_minor, order.currency),
    )


def still_paid(order: Order) -> Money:
    """What the customer paid for the order and has not got back yet."""
    of_lines = order.lines.aggregate(back=Sum("refunded_minor", default=0))["back"]
    of_parts = order.parts.aggregate(back=Sum("shipping_refunded_minor", default=0))["back"]
    return Money(order.total_minor - of_lines - of_parts, order.currency)


def sales_by_day(at: datetime, days: int, *, with_imported: bool = False) -> list[DaySales]:
    """Paid orders of the last `days` platform days, oldest first, per currency. Imported ones only when asked for."""
    zone = ZoneInfo(settings.PLATFORM_TIME_ZONE)
    since = (at.astimezone(zone) - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    orders = Order.objects.filter(placed_at__gte=since, state__in=EARNING_STATES)
    if not with_imported:
        orders = orders.exclude(source=Order.Source.IMPORT)
    rows: Any = (
        orders.annotate(day=TruncDate("placed_at", tzinfo=zone))
        .values("day", "currency")
        .annotate(orders=Count("id"), revenue=Sum("total_minor"))
        .order_by("day", "currency")
    )
    return [DaySales(row["day"], row["orders"], Money(row["revenue"], row["currency"])) for row in rows]


def on_their_way_back(order: Order) -> dict[UUID, int]:
    """Units by line that the customer asked to give back and that are not here yet."""
    pending = ReturnLine.objects.filter(
        order_return__order=order, order_return__state__in=[OrderReturn.State.REQUESTED, OrderReturn.State.APPROVED]
    )
    return dict(pending.order_by().values("line").annotate(units=Sum("quantity")).values_list("line", "units"))


def all_returns() -> "QuerySet[OrderReturn]":
    """Every return with its lines, newest first; two queries a page."""
    return OrderReturn.objects.select_related("order").prefetch_related("lines").order_by("-pk")


def returns_of(order: Order) -> "QuerySet[OrderReturn]":
    """What the customer has asked to give back of the order, newest first."""
    return all_returns().filter(order=order)


def return_of(return_id: UUID) -> OrderReturn:
    """One return; raises `ReturnNotFoundError`."""
    found = all_returns().filter(pk=return_id).first()
    if found is None:
        raise ReturnNotFoundError
    return found


def returns_waiting() -> int:
    """How many returns wait for an answer; one query over an index."""
    return OrderReturn.objects.filter(state=OrderReturn.State.REQUESTED).count()


def has_orders_under_way(customer_id: UUID) -> bool:
    """Whether goods or money of an order of the customer's, or a return, are still on their way."""
    mine = Order.objects.filter(customer_id=customer_id).exclude(source=Order.Source.IMPORT)
    moving = mine.filter(state__in=[Order.State.PLACED, Order.State.PAID, Order.State.PACKED, Order.State.SHIPPED])
    return moving.exists() or mine.filter(returns__state__in=RETURNS_UNDER_WAY).exists()


def has_reserved_units(order: Order) -> bool:
    """Whether units of a flash promotion are among its lines."""
    return any(benefit["kind"] == "flash" for line in order.lines.all() for benefit in line.applied_benefits)
