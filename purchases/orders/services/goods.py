"""Goods of orders: what was set aside for them or sold, and its way back. Each movement has the order's own key."""

from uuid import UUID

from django.db import transaction

from promotions import facade as promotions
from purchases.orders.models import Order, OrderReturn, ReturnLine
from stores import facade as stores
from stores.contracts import StockLine

from .moving import lock_order


def sale_key(order_id: UUID) -> str:
    """Of the movements that sell it."""
    return f"order:{order_id}"


def reservation_key(order_id: UUID) -> str:
    """Of the movements that set it aside."""
    return f"order:{order_id}:reserved"


def reservation_of(order: Order) -> UUID:
    """The flash promotion's reservation that the order came from."""
    return UUID(order.source_key)


def stock_lines(order: Order) -> list[StockLine]:
    """Everything in it, without what was lost on the way or was called off before."""
    stores_of = {part.pk: part.store_id for part in order.parts.all()}
    left = [(line, line.quantity - line.lost_quantity - line.returned_quantity) for line in order.lines.all()]
    return [StockLine(line.variant_id, stores_of[line.part_id], units) for line, units in left if units]


def release_goods(order: Order) -> None:
    """What was set aside for it and not sold is free again. Once, whoever comes first."""
    cause = f"order:{order.pk}"
    stores.release_stock(lines=stock_lines(order), idem_key=f"{cause}:released", cause=cause)


@transaction.atomic
def give_goods_back(*, order_id: UUID, was_sold: bool) -> None:
    """Goods, promotions' uses and vouchers of an order that is over: on the shelf, or free again. Harmless twice.

    An order that was sold after all, because its money came late, keeps them.
    """
    order = lock_order(order_id)
    if order.source == Order.Source.IMPORT or order.state not in {Order.State.CANCELLED, Order.State.EXPIRED}:
        return
    if not was_sold and order.source == Order.Source.FLASH:
        # Its unit is the promotion's still: free at once when it was called off, by the clock when it was not paid.
        if order.state == Order.State.CANCELLED:
            promotions.give_unit_up(reservation_id=reservation_of(order), order_id=order.pk)
        return
    promotions.give_uses_back(order_id=order.pk)
    promotions.give_vouchers_back(order_id=order.pk)
    if not was_sold:
        release_goods(order)
    elif lines := stock_lines(order):
        cause = f"order:{order.pk}"
        stores.receive_stock(lines=lines, idem_key=f"{cause}:back", cause=cause)


@transaction.atomic
def put_returned_goods_away(*, return_id: UUID) -> None:
    """What came back and is good goes on the shelf again; what is not was sold and stays gone. Harmless twice."""
    returned = OrderReturn.objects.select_related("order").get(pk=return_id)
    if returned.order.source == Order.Source.IMPORT:
        return
    good = returned.lines.filter(fate=ReturnLine.Fate.RESTOCK).select_related("line__part")
    lines = [StockLine(row.line.variant_id, row.line.part.store_id, row.quantity) for row in good]
    if lines:
        stores.receive_stock(lines=lines, idem_key=f"return:{returned.pk}", cause=f"return:{returned.pk}")
