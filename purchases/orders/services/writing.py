"""Writing orders: one builder for every door they come through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core.numbers import new_number
from marketplace.core.outbox.publishing import publish
from purchases.events import OrderPaid, OrderPlaced
from purchases.orders.models import Order, OrderEvent, OrderLine, OrderPart
from purchases.orders.rows import amounts_of, parts_and_lines
from purchases.orders.values import OrderDraft, SoldLine

from .counting import count_purchases, purchased_lines
from .moving import store_ids


@transaction.atomic
def write_order(draft: OrderDraft) -> Order:
    """Write an order, its parts, lines and history, and publish it; its money and goods are the caller's affair.

    The lines are in one currency (`CurrencyMismatchError` otherwise); a second order for the same source and key breaks
    a unique constraint. The answer carries its rows: reading them asks nothing.
    """
    order = Order(
        id=draft.order_id,
        number=new_number(),
        customer_id=draft.customer_id,
        source=draft.source,
        source_key=draft.source_key,
        state=Order.State.PAID if draft.is_paid else Order.State.PLACED,
        **amounts_of(draft.lines, draft.shipping),
        applied_benefits=list(draft.applied_benefits),
        rejected_promotions=list(draft.rejected_promotions),
        coupons=list(draft.coupons),
        points_bp=draft.points_bp,
        shipping_address=dict(draft.shipping_address),
        expires_at=draft.expires_at,
        placed_at=draft.at,
    )
    order.save(force_insert=True)
    parts, lines = parts_and_lines(order, draft.lines, draft.shipping)
    OrderPart.objects.bulk_create(parts)
    OrderLine.objects.bulk_create(lines)
    history = [OrderEvent(order=order, to_state=Order.State.PLACED, actor_id=draft.customer_id, at=draft.at)]
    if draft.is_paid:
        history.append(
            OrderEvent(
                order=order,
                from_state=Order.State.PLACED,
                to_state=Order.State.PAID,
                actor_id=draft.customer_id,
                at=draft.at,
            )
        )
    OrderEvent.objects.bulk_create(history)
    _carry(order, parts=parts, lines=lines, history=history)
    stores, who, total = store_ids(order), draft.customer_id, order.total
    events: list[OrderPlaced | OrderPaid] = [
        OrderPlaced(order_id=order.pk, customer_id=who, store_ids=stores, total=total, placed_at=draft.at)
    ]
    if draft.is_paid:
        events.append(OrderPaid(order_id=order.pk, customer_id=who, store_ids=stores, total=total, paid_at=draft.at))
    publish(*events)
    if draft.is_paid:
        count_purchases(order, purchased_lines(lines, [line.product_id for line in draft.lines]), at=draft.at)
    return order


def record_paid_order(
    *, order_id: UUID, customer_id: UUID, source: str, source_key: str, lines: Sequence[SoldLine], at: datetime
) -> Order:
    """Write an order whose money is taken in the same transaction, without sending."""
    return write_order(
        OrderDraft(
            order_id=order_id,
            customer_id=customer_id,
            source=source,
            source_key=source_key,
            lines=tuple(lines),
            at=at,
            is_paid=True,
        )
    )


def _carry(order: Order, **rows: Sequence[Any]) -> None:
    """As `prefetch_related` does after reading: whoever shows the order asks the database nothing."""
    carried: dict[str, Any] = {}
    for name, found in rows.items():
        manager: Any = getattr(order, name)
        queryset = manager.get_queryset()
        queryset._result_cache, queryset._prefetch_done = list(found), True
        carried[name] = queryset
    order._prefetched_objects_cache = carried  # type: ignore[attr-defined]
