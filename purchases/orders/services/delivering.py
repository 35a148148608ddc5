"""What arrived: a store's part is settled as soon as all of it is there, the order is told when all parts are."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from funds import facade as funds
from funds.contracts import PartSettlement
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderDelivered
from purchases.orders.models import Order
from purchases.orders.selectors import still_paid

from .moving import store_ids


def settle_parts(order: Order, part_ids: Collection[UUID], *, at: datetime) -> None:
    """All of these parts of a locked order has arrived: note it, and share their money out. Each part once.

    Orders of another system brought no money here. Raises `OrderNotPaidError` where the books know no payment. Locks
    accounts: whoever has rows of the order to lock does it before.
    """
    complete = note_arrived(order, part_ids, at=at)
    if complete:
        funds.settle_order(order_id=order.id, parts=complete, at=at)


def note_arrived(order: Order, part_ids: Collection[UUID], *, at: datetime) -> list[PartSettlement]:
    """All of these parts of a locked order has arrived: what is to be shared out of them. Each part once."""
    fresh = list(
        order.parts.filter(pk__in=part_ids, delivered_at=None).annotate(tax=Sum("lines__tax_minor", default=0))
    )
    order.parts.filter(pk__in=[part.pk for part in fresh]).update(delivered_at=at)
    if order.source == Order.Source.IMPORT:
        return []
    return [
        PartSettlement(
            store_id=part.store_id,
            total=Money(part.total_minor, order.currency),
            tax=Money(part.tax, order.currency),
            commission_bp=part.commission_bp,
        )
        for part in fresh
    ]


def tell_delivered(order: Order, *, at: datetime) -> None:
    """The order is delivered whole: it counts as successful."""
    publish(
        OrderDelivered(
            order_id=order.id,
            customer_id=order.customer_id,
            store_ids=store_ids(order),
            total=still_paid(order),
            delivered_at=at,
        )
    )
