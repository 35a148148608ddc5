"""From sold lines to rows: one builder for every way an order comes about."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from marketplace.core.ids import uuid7
from marketplace.core.money import Money

from .models import Order, OrderLine, OrderPart
from .values import SoldLine


def total_of(lines: Sequence[SoldLine]) -> Money:
    """The sum; raises `CurrencyMismatchError` for lines in two currencies."""
    return sum((line.total for line in lines[1:]), start=lines[0].total)


def amounts_of(lines: Sequence[SoldLine]) -> dict[str, Any]:
    """The order's columns of money: what was sold above its list price has nothing taken off."""
    total = total_of(lines)
    listed = max(total.minor, sum(line.list_total.minor for line in lines))
    return {
        "currency": total.currency,
        "list_total_minor": listed,
        "discount_minor": listed - total.minor,
        "total_minor": total.minor,
    }


def parts_and_lines(order: Order, lines: Sequence[SoldLine]) -> tuple[list[OrderPart], list[OrderLine]]:
    """Unsaved rows: one part per store, and the lines in it."""
    by_store: dict[UUID, list[SoldLine]] = {}
    for line in lines:
        by_store.setdefault(line.store_id, []).append(line)
    parts = {
        store_id: OrderPart(
            id=uuid7(),
            order=order,
            store_id=store_id,
            total_minor=total_of(mine).minor,
            commission_bp=mine[0].commission_bp,
        )
        for store_id, mine in by_store.items()
    }
    return list(parts.values()), [_line(order, parts[line.store_id], line) for line in lines]


def _line(order: Order, part: OrderPart, line: SoldLine) -> OrderLine:
    return OrderLine(
        order=order,
        part=part,
        variant_id=line.variant_id,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        list_price_minor=line.list_price.minor,
        unit_price_minor=line.unit_price.minor,
        total_minor=line.total.minor,
        tax_bp=line.tax_bp,
        tax_minor=line.tax.minor,
        applied_benefits=list(line.applied_benefits),
    )
