"""Money of orders on its way back to the customer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from funds import facade as funds
from funds.contracts import PartSettlement
from marketplace.core.money import Money
from purchases.orders.models import Order, OrderPart


def refund_all(order: Order, *, key: str, reason: str, at: datetime) -> Money:
    """Everything the customer paid, sending included, and has not got back yet. Once per key.

    Raises `OrderNotPaidError`.
    """
    back: dict[UUID, int] = defaultdict(int)
    for line in order.lines.all():
        back[line.part_id] -= line.refunded_minor
    for part in order.parts.all():
        back[part.pk] += part.total_minor - part.shipping_refunded_minor
    return refund_parts(order, back, key=key, reason=reason, at=at)


def refund_parts(
    order: Order,
    minor_by_part: Mapping[UUID, int],
    *,
    key: str,
    reason: str,
    at: datetime,
    complete: Sequence[PartSettlement] = (),
) -> Money:
    """So much of each part, in one journal; orders of another system brought no money here. Once per key.

    What the parts that are `complete` with it keep is shared out at once: after the refund its locks are too late.
    """
    parts = {part.pk: part for part in OrderPart.objects.filter(order=order)}
    refunds = [
        funds.PartRefund(
            store_id=parts[part_id].store_id,
            total=Money(parts[part_id].total_minor, order.currency),
            amount=Money(minor, order.currency),
        )
        for part_id, minor in minor_by_part.items()
        if minor
    ]
    if order.source == Order.Source.IMPORT:
        return Money.zero(order.currency)
    if not refunds:
        if complete:
            funds.settle_order(order_id=order.pk, parts=complete, at=at)
        return Money.zero(order.currency)
    receipt = funds.refund_order(
        order_id=order.pk,
        customer_id=order.customer_id,
        parts=refunds,
        key=key,
        reason=reason,
        at=at,
        complete=complete,
    )
    return receipt.refunded
