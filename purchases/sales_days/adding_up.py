"""A day's sums from its orders. What counts as sold, and what each column is, is said here once.

Sold is an order that was paid and was not called off as a whole: it counts on the platform day on which it was placed,
with all it brought; what went back of it stands in `refunds_minor` of that same day. So an order that is called off or
comes back changes the day it was placed on, and a day's figures are always those of its own orders.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import BigIntegerField, Count, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Greatest

from marketplace.core.clock import day_begins
from purchases.orders.models import Order, OrderLine, OrderPart
from purchases.orders.selectors import EARNING_STATES

from .models import DailyBenefit, DailySales, DailyVariantSales

SOLD_STATES: Final = [*EARNING_STATES, Order.State.RETURNED]
_LISTED: Final[Any] = ExpressionWrapper(F("list_price_minor") * F("quantity"), output_field=BigIntegerField())
# What was sold above its list price has nothing taken off, as in the order's own columns.
_LIST: Final[Any] = Greatest(_LISTED, F("total_minor"), output_field=BigIntegerField())


def orders_of_day(day: date) -> QuerySet[Order]:
    """What was placed on that platform day and sold."""
    return Order.objects.filter(
        placed_at__gte=day_begins(day), placed_at__lt=day_begins(day + timedelta(days=1)), state__in=SOLD_STATES
    )


def sales_rows(day: date) -> list[DailySales]:
    """By currency, source and store, unsaved; two queries."""
    orders = orders_of_day(day).order_by()
    earlier = Q(placed_at__lt=OuterRef("order__placed_at")) | Q(
        placed_at=OuterRef("order__placed_at"), pk__lt=OuterRef("order")
    )
    before = Order.objects.filter(earlier, customer=OuterRef("order__customer"), state__in=SOLD_STATES)
    others = OrderPart.objects.filter(order=OuterRef("order"), pk__lt=OuterRef("pk"))
    parts: Any = (
        OrderPart.objects.filter(order__in=orders)
        .annotate(leads=~Exists(others), is_first=~Exists(before))
        .values("store", currency=F("order__currency"), source=F("order__source"))
        .annotate(
            parts=Count("pk"),
            orders=Count("pk", filter=Q(leads=True)),
            new_customers=Count("pk", filter=Q(leads=True, is_first=True)),
            shipping=Sum("shipping_minor"),
            back=Sum("shipping_refunded_minor"),
        )
        .order_by("currency", "source", "store")
    )
    of_lines = _lines_by_place(orders)
    return [_sales(day, row, of_lines.get((row["currency"], row["source"], row["store"]), _NO_LINES)) for row in parts]


_NO_LINES: Final = {"units": 0, "listed": 0, "goods": 0, "back": 0}


def _lines_by_place(orders: QuerySet[Order]) -> dict[tuple[str, str, UUID], dict[str, Any]]:
    rows: Any = (
        OrderLine.objects.filter(order__in=orders)
        .values("part__store", currency=F("order__currency"), source=F("order__source"))
        .annotate(units=Sum("quantity"), listed=Sum(_LIST), goods=Sum("total_minor"), back=Sum("refunded_minor"))
        .order_by()
    )
    return {(row["currency"], row["source"], row["part__store"]): row for row in rows}


def _sales(day: date, part: dict[str, Any], lines: dict[str, Any]) -> DailySales:
    return DailySales(
        day=day,
        currency=part["currency"],
        source=part["source"],
        store_id=part["store"],
        orders=part["orders"],
        parts=part["parts"],
        units=lines["units"],
        list_minor=lines["listed"],
        discount_minor=lines["listed"] - lines["goods"],
        shipping_minor=part["shipping"],
        revenue_minor=lines["goods"] + part["shipping"],
        refunds_minor=lines["back"] + part["back"],
        new_customers=part["new_customers"],
    )


def variant_rows(day: date) -> Iterator[DailyVariantSales]:
    """By variant and currency, unsaved; one query."""
    rows: Any = (
        OrderLine.objects.filter(order__in=orders_of_day(day).order_by())
        .values("variant", currency=F("order__currency"))
        .annotate(
            orders=Count("order", distinct=True),
            units=Sum("quantity"),
            promoted_units=Sum("quantity", filter=Q(total_minor__lt=_LISTED), default=0),
            list_minor=Sum(_LIST),
            revenue_minor=Sum("total_minor"),
            refunds_minor=Sum("refunded_minor"),
        )
        .order_by("variant", "currency")
    )
    for row in rows.iterator(chunk_size=2_000):
        yield DailyVariantSales(day=day, variant_id=row.pop("variant"), **row)


@dataclass(slots=True)
class _RuleSum:
    """One rule's day in one currency while its lines are read."""

    kind: str
    name: str
    amount: int = 0
    revenue: int = 0
    orders: set[UUID] = field(default_factory=set)


def benefit_rows(day: date) -> list[DailyBenefit]:
    """By rule and currency, unsaved. A benefit of a whole order is spread over its lines: it is read there alone."""
    sums: dict[tuple[str, UUID], _RuleSum] = {}
    lines: Any = (
        OrderLine.objects.filter(order__in=orders_of_day(day).order_by())
        .exclude(applied_benefits=[])
        .values_list("order", "order__currency", "total_minor", "applied_benefits")
    )
    # Flash sales kept no name once; their days are added up all the same.
    for order_id, currency, total, benefits in lines.iterator(chunk_size=2_000):
        for benefit in benefits:
            key = (currency, UUID(benefit["rule"]))
            found = sums.setdefault(key, _RuleSum(benefit["kind"], benefit.get("name", "")))
            found.amount += benefit["amount_minor"]
            found.revenue += total
            found.orders.add(order_id)
    return [
        DailyBenefit(
            day=day,
            currency=currency,
            kind=found.kind,
            rule_id=rule_id,
            name=found.name[:200],
            orders=len(found.orders),
            amount_minor=found.amount,
            revenue_minor=found.revenue,
        )
        for (currency, rule_id), found in sorted(sums.items())
    ]
