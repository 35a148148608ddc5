"""Taking over another system's order history: rows only, no money, no stock, no events."""

from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from django.db import transaction

from marketplace.core.numbers import new_number
from purchases.contracts import ImportedLine, ImportedOrder
from stores import facade as stores
from stores.contracts import VariantCard
from users import facade as users
from users.contracts import OrderOutcome

from .models import Order, OrderEvent, OrderLine, OrderPart
from .rows import amounts_of, parts_and_lines
from .states import TRANSITIONS
from .values import SoldLine

CHUNK = 500


def import_orders(orders: Iterable[ImportedOrder]) -> int:
    """Write the orders not imported before, in chunks of one transaction each; how many were new.

    Delivered ones count towards their customer's tier, at their own date. Raises `ValueError` for a state
    that is not in the table or an order without lines.
    """
    iterator = iter(orders)
    written = 0
    while chunk := list(islice(iterator, CHUNK)):
        written += _import_chunk(chunk)
    return written


@transaction.atomic
def _import_chunk(chunk: list[ImportedOrder]) -> int:
    known = set(
        Order.objects.filter(source=Order.Source.IMPORT, source_key__in=[o.source_key for o in chunk]).values_list(
            "source_key", flat=True
        )
    )
    fresh = list({o.source_key: o for o in chunk if o.source_key not in known}.values())
    cards = stores.variant_cards({line.variant_id for order in fresh for line in order.lines})
    rows = [_rows(order, cards) for order in fresh]
    Order.objects.bulk_create(row[0] for row in rows)
    OrderPart.objects.bulk_create(part for row in rows for part in row[1])
    OrderLine.objects.bulk_create(line for row in rows for line in row[2])
    OrderEvent.objects.bulk_create(event for row in rows for event in row[3])
    users.record_order_outcomes(
        OrderOutcome(customer_id=order.customer_id, at=order.delivered_at or order.placed_at, change=1)
        for order in fresh
        if order.state == Order.State.DELIVERED
    )
    return len(fresh)


def _rows(
    imported: ImportedOrder, cards: dict[UUID, VariantCard]
) -> tuple[Order, list[OrderPart], list[OrderLine], list[OrderEvent]]:
    quantities = [line.quantity for line in imported.lines]
    if imported.state not in TRANSITIONS or min(quantities, default=0) < 1:
        raise ValueError(f"order {imported.source_key} has state {imported.state!r} and lines of {quantities} units")
    sold = [_sold(line, cards[line.variant_id]) for line in imported.lines]
    order = Order(
        number=new_number(),
        customer_id=imported.customer_id,
        source=Order.Source.IMPORT,
        source_key=imported.source_key,
        state=imported.state,
        **amounts_of(sold),
        placed_at=imported.placed_at,
    )
    parts, lines = parts_and_lines(order, sold)
    return order, parts, lines, _history(order, imported)


def _sold(line: ImportedLine, card: VariantCard) -> SoldLine:
    return SoldLine(
        variant_id=card.variant_id,
        store_id=card.store_id,
        sku=card.sku,
        name=card.name,
        quantity=line.quantity,
        list_price=card.price,
        total=line.unit_price * line.quantity,
        tax_bp=card.tax_bp,
        commission_bp=card.commission_bp,
    )


def _history(order: Order, imported: ImportedOrder) -> list[OrderEvent]:
    placed = OrderEvent(order=order, to_state=Order.State.PLACED, at=imported.placed_at, note="import")
    if imported.state == Order.State.PLACED:
        return [placed]
    at = imported.delivered_at or imported.placed_at
    reached = OrderEvent(order=order, from_state=Order.State.PLACED, to_state=imported.state, at=at, note="import")
    return [placed, reached]
