"""From sold lines to rows: one builder for every way an order comes about."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypedDict
from uuid import UUID

from marketplace.core.ids import uuid7
from marketplace.core.money import Money

from .models import Order, OrderLine, OrderPart
from .values import PartShipping, SoldLine


class Amounts(TypedDict):
    """An order's columns of money."""

    currency: str
    list_total_minor: int
    discount_minor: int
    shipping_minor: int
    total_minor: int


def total_of(lines: Sequence[SoldLine]) -> Money:
    """The sum; raises `CurrencyMismatchError` for lines in two currencies."""
    return sum((line.total for line in lines[1:]), start=lines[0].total)


def amounts_of(lines: Sequence[SoldLine], shipping: Mapping[UUID, PartShipping] = MappingProxyType({})) -> Amounts:
    """The order's columns of money: what was sold above its list price has nothing taken off."""
    goods = total_of(lines)
    listed = max(goods.minor, sum(line.list_total.minor for line in lines))
    sending = sum((each.price for each in shipping.values()), Money.zero(goods.currency))
    return {
        "currency": goods.currency,
        "list_total_minor": listed,
        "discount_minor": listed - goods.minor,
        "shipping_minor": sending.minor,
        "total_minor": (goods + sending).minor,
    }


def parts_and_lines(
    order: Order, lines: Sequence[SoldLine], shipping: Mapping[UUID, PartShipping] = MappingProxyType({})
) -> tuple[list[OrderPart], list[OrderLine]]:
    """Unsaved rows: one part per store, and the lines in it."""
    by_store: dict[UUID, list[SoldLine]] = {}
    for line in lines:
        by_store.setdefault(line.store_id, []).append(line)
    free = PartShipping(Money.zero(order.currency))
    parts = {
        store_id: _part(order, store_id, mine, shipping.get(store_id, free)) for store_id, mine in by_store.items()
    }
    return list(parts.values()), [_line(order, parts[line.store_id], line) for line in lines]


def _part(order: Order, store_id: UUID, lines: Sequence[SoldLine], shipping: PartShipping) -> OrderPart:
    return OrderPart(
        id=uuid7(),
        order=order,
        store_id=store_id,
        total_minor=(total_of(lines) + shipping.price).minor,
        shipping_minor=shipping.price.minor,
        shipping_name=shipping.name,
        commission_bp=lines[0].commission_bp,
    )


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
