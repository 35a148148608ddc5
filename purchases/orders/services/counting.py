"""Sold orders tell what people do with products: each line is a purchase there, written in the order's transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings

from promotions import facade as promotions
from promotions.contracts import PurchasedLine
from purchases.orders.models import Order, OrderLine


def count_purchases(order: Order, lines: Sequence[PurchasedLine], *, at: datetime) -> None:
    """The order was sold. Twice is once: a purchase's id is made of its line's.

    What people spend is added up over orders, and nothing is exchanged: one in another currency than the platform's
    counts without its amount.
    """
    if order.currency != settings.DEFAULT_CURRENCY:
        lines = [replace(line, amount_minor=0) for line in lines]
    promotions.record_purchases(order_id=order.pk, customer_id=order.customer_id, lines=lines, at=at)


def purchased_lines(lines: Sequence[OrderLine], product_ids: Sequence[UUID | None]) -> list[PurchasedLine]:
    """Lines that were written a moment ago, by whoever knows their products."""
    return [
        PurchasedLine(line.pk, product_id, line.quantity, line.total_minor)
        for line, product_id in zip(lines, product_ids, strict=True)
        if product_id is not None
    ]


def lines_with_products(order: Order) -> list[PurchasedLine]:
    """An order's lines; one query."""
    rows = OrderLine.objects.filter(order=order).order_by("pk")
    return [PurchasedLine(*row) for row in rows.values_list("pk", "variant__product_id", "quantity", "total_minor")]
