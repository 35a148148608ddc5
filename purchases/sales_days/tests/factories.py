"""A month of random orders straight into the tables, for tests that add them up a second time by themselves."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.core.ids import uuid7
from marketplace.core.numbers import new_number
from purchases.models import Order, OrderLine, OrderPart
from purchases.sales_days.services import add_up_all, touch_everything
from stores.catalog.tests.factories import VariantFactory
from users.accounts.tests.factories import UserFactory

BEGINS = datetime(2026, 3, 1, 6, tzinfo=UTC)
"""Midnight in Mexico City."""
RULES = [
    {"rule": str(UUID(int=n)), "kind": kind, "version": 1, "name": f"Promo {n}"}
    for n, kind in enumerate(["flash", "campaign", "discount"], start=1)
]


def sold(
    variants: Sequence[Any], *, at: datetime, quantities: Sequence[int] | None = None, **order: Any
) -> tuple[Order, list[OrderLine]]:
    """An order of these variants at their prices, a part a store; paid unless `order` says otherwise."""
    customer = order.pop("customer", None) or UserFactory.create()
    lines = [(variant, quantity, 0, []) for variant, quantity in zip(variants, quantities or [1] * 99, strict=False)]
    rows = _rows(lines, customer=customer, at=at, **{"state": "paid", "source": "checkout"} | order)
    _write([rows])
    return rows[0], rows[2]


def random_month(seed: int, *, orders: int = 300, days: int = 30) -> None:
    """Orders of every state and source, in two currencies, of one to three lines in one or two stores, some cheaper by
    up to two rules, some dearer, some gone back in part; then every day is added up.
    """
    draw = random.Random(seed)
    variants = {
        currency: [VariantFactory.create(currency=currency, price_minor=draw.randint(100, 90_000)) for _ in range(6)]
        for currency in ("MXN", "USD")
    }
    customers = [UserFactory.create() for _ in range(30)]
    written = []
    for _ in range(orders):
        currency = draw.choices(["MXN", "USD"], [9, 1])[0]
        chosen = draw.sample(variants[currency], draw.randint(1, 3))
        # Whole hours: two orders of one customer at one moment are not rare.
        at = BEGINS + timedelta(hours=draw.randrange(24 * days))
        rows = _rows(
            [_drawn(draw, variant) for variant in chosen],
            customer=draw.choice(customers),
            at=at,
            state=draw.choice(Order.State.values),
            source=draw.choice(Order.Source.values),
            draw=draw,
        )
        written.append(rows)
    _write(written)
    touch_everything()
    add_up_all()


def _drawn(draw: random.Random, variant: Any) -> tuple[Any, int, int, list[dict[str, Any]]]:
    """Variant, quantity, what comes off (or goes on), by which rules."""
    quantity = draw.randint(1, 4)
    full = variant.price_minor * quantity
    if draw.random() < 0.5:
        return variant, quantity, draw.choice([0, 0, -draw.randint(1, full)]), []
    rules = draw.sample(RULES, draw.randint(1, 2))
    savings = [draw.randint(0, full // 3) for _ in rules]
    return (
        variant,
        quantity,
        sum(savings),
        [rule | {"amount_minor": saving} for rule, saving in zip(rules, savings, strict=True)],
    )


Rows = tuple[Order, list[OrderPart], list[OrderLine]]


def _write(orders: Sequence[Rows]) -> None:
    Order.objects.bulk_create(order for order, _parts, _lines in orders)
    OrderPart.objects.bulk_create(part for _order, parts, _lines in orders for part in parts)
    OrderLine.objects.bulk_create(line for _order, _parts, lines in orders for line in lines)


def _rows(
    drawn: Sequence[tuple[Any, int, int, list[dict[str, Any]]]],
    *,
    customer: Any,
    at: datetime,
    state: str,
    source: str,
    draw: random.Random | None = None,
) -> Rows:
    draw = draw or random.Random(0)
    order = Order(number=new_number(), customer=customer, state=state, source=source, source_key=uuid7().hex)
    parts: dict[UUID, OrderPart] = {}
    lines = []
    for variant, quantity, off, benefits in drawn:
        part = parts.setdefault(variant.store_id, OrderPart(order=order, store_id=variant.store_id, commission_bp=0))
        back = draw.randint(0, quantity) if state in {"returned", "partly_returned"} else 0
        total = variant.price_minor * quantity - off
        lines.append(
            OrderLine(
                order=order,
                part=part,
                variant=variant,
                sku=variant.sku,
                name=variant.sku,
                quantity=quantity,
                list_price_minor=variant.price_minor,
                unit_price_minor=total // quantity,
                total_minor=total,
                tax_bp=0,
                tax_minor=0,
                applied_benefits=benefits,
                returned_quantity=back,
                refunded_minor=total * back // quantity,
            )
        )
    for part in parts.values():
        part.shipping_minor = draw.choice([0, 9_900]) if len(drawn) > 1 else 0
        part.shipping_refunded_minor = part.shipping_minor if state == "returned" else 0
        part.total_minor = part.shipping_minor + sum(line.total_minor for line in lines if line.part is part)
    goods, listed = sum(line.total_minor for line in lines), sum(v.price_minor * q for v, q, _off, _b in drawn)
    order.currency, order.placed_at = drawn[0][0].currency, at
    order.list_total_minor, order.discount_minor = max(goods, listed), max(goods, listed) - goods
    order.shipping_minor = sum(part.shipping_minor for part in parts.values())
    order.total_minor = goods + order.shipping_minor
    return order, list(parts.values()), lines
