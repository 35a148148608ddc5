"""Points of an order follow what the customer keeps of its goods."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from marketplace.core.money import Money
from promotions import facade as promotions
from purchases.orders.models import Order
from purchases.orders.services import lock_order


@transaction.atomic
def award_order(*, order_id: UUID, at: datetime) -> int:
    """The points of an order that has arrived whole, for what is left of its goods by now; how many. Harmless twice.

    The order's lock lets no return slip in between. Orders of another system earn nothing. Raises `OrderNotFoundError`.
    """
    order = lock_order(order_id)
    if order.source == Order.Source.IMPORT:
        return 0
    return promotions.award_points(
        order_id=order.pk, customer_id=order.customer_id, goods=goods_left(order), points_bp=order.points_bp, at=at
    )


@transaction.atomic
def follow_return(*, order_id: UUID, at: datetime) -> int:
    """Something of the order came back: its points shrink to what is left of its goods; by how many. Harmless twice.

    Where the return is told before the delivery nothing happens: what is left then is what earns.
    """
    order = lock_order(order_id)
    return promotions.reverse_points(order_id=order.pk, goods_left=goods_left(order), at=at)


def goods_left(order: Order) -> Money:
    """What the goods cost, without sending, that came neither back nor were called off."""
    minor = order.lines.aggregate(left=Sum(F("total_minor") - F("refunded_minor"), default=0))["left"]
    return Money(minor, order.currency)
