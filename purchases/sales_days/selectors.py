"""Reading the days' sums. Whatever is asked here costs the same however many orders there are behind a day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F, Min, QuerySet, Sum

from purchases.contracts import BenefitSums, SalesSums, StoreSales, VariantSales

from .lift import Window
from .models import DailyBenefit, DailySales, DailyVariantSales, StaleSalesDay

_SUMS: Final = {
    "orders": Sum("orders"),
    "parts": Sum("parts"),
    "units": Sum("units"),
    "listed": Sum("list_minor"),
    "discount": Sum("discount_minor"),
    "shipping": Sum("shipping_minor"),
    "revenue": Sum("revenue_minor"),
    "refunds": Sum("refunds_minor"),
    "new_customers": Sum("new_customers"),
}


def daily_sums(first: date, last: date, currency: str) -> dict[date, SalesSums]:
    """Each day's sums; days without a sale are left out. One query."""
    return _by("day", _days(first, last, currency))


def source_sums(first: date, last: date, currency: str) -> dict[str, SalesSums]:
    """By the door they came through. One query."""
    return _by("source", _days(first, last, currency))


def sold_in_other_currencies(first: date, last: date, currency: str) -> list[str]:
    """Currencies in which something was sold, too. One query."""
    others = DailySales.objects.filter(day__range=(first, last)).exclude(currency=currency)
    return list(others.order_by("currency").values_list("currency", flat=True).distinct())


def best_stores(first: date, last: date, currency: str, *, limit: int) -> list[StoreSales]:
    """Those with the most revenue. One query."""
    found: Any = _days(first, last, currency).values("store", name=F("store__name")).annotate(**_aliased())
    rows = found.order_by("-sum_revenue", "store")[:limit]
    return [StoreSales(row["store"], row["name"], _sums(row)) for row in rows]


def best_variants(first: date, last: date, currency: str, *, limit: int) -> list[VariantSales]:
    """Those with the most units. One query."""
    rows: Any = (
        DailyVariantSales.objects.filter(day__range=(first, last), currency=currency)
        .values("variant")
        .annotate(sold=Sum("units"), brought=Sum("revenue_minor"), back=Sum("refunds_minor"))
        .order_by("-sold", "variant")[:limit]
        .values_list("variant", "variant__sku", "variant__product__name", "sold", "brought", "back")
    )
    return [VariantSales(*row) for row in rows]


def best_benefits(first: date, last: date, currency: str, *, limit: int) -> list[BenefitSums]:
    """The rules that took off most. One query, of the newest name of each."""
    rows: Any = (
        DailyBenefit.objects.filter(day__range=(first, last), currency=currency)
        .values("kind", "rule_id", "name")
        .annotate(uses=Sum("orders"), took=Sum("amount_minor"), touched=Sum("revenue_minor"))
        .order_by("-took", "rule_id", "name")[:limit]
        .values_list("kind", "rule_id", "name", "uses", "took", "touched")
    )
    return [BenefitSums(*row) for row in rows]


def benefits_by_kind(first: date, last: date, currency: str) -> dict[str, int]:
    """What each kind of rule took off, in minor units. One query."""
    rows = DailyBenefit.objects.filter(day__range=(first, last), currency=currency).values("kind")
    return dict(rows.annotate(took=Sum("amount_minor")).order_by("kind").values_list("kind", "took"))


def first_day_of_sales() -> date | None:
    """Before it there is nothing to compare with. One query."""
    found: date | None = DailySales.objects.aggregate(first=Min("day"))["first"]
    return found


def units_in(windows: Collection[tuple[UUID, Window]]) -> dict[tuple[UUID, Window], int]:
    """Units of a variant from its window's first to its last day, for many of them at once; 0 where none were sold.

    One query, whose rows are the windows: what lies between them is not read.
    """
    if not windows:
        return {}
    asked = sorted(windows)
    rows, values = _asked_rows(asked)
    table = DailyVariantSales._meta.db_table
    # A subquery for each window, so that the key answers it: joined, everything between two days might be read.
    statement = (
        f"WITH asked(variant_id, first, last, number) AS ({rows}) SELECT number, COALESCE((SELECT SUM(units) "  # noqa: S608
        f"FROM {table} s WHERE s.variant_id = asked.variant_id AND s.day BETWEEN first AND last), 0) FROM asked"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {asked[number - 1]: int(units) for number, units in cursor.fetchall()}


def _asked_rows(asked: Sequence[tuple[UUID, Window]]) -> tuple[str, list[Any]]:
    """Variant, first day, last day and number as a query with its values."""
    columns = [variant_id for variant_id, _days in asked], *zip(*(days for _variant, days in asked), strict=True)
    if connection.vendor == "postgresql":
        # Three texts instead of thousands of literals: reading those would take longer than the sums.
        arrays = ["{" + ",".join(map(str, column)) + "}" for column in columns]
        return "SELECT * FROM unnest(%s::uuid[], %s::date[], %s::date[]) WITH ORDINALITY", arrays
    rows = ", ".join(f"(%s, %s, %s, {number})" for number in range(1, len(asked) + 1))
    adapt = connection.ops.adapt_datefield_value
    return f"VALUES {rows}", [
        value for variant_id, (first, last) in asked for value in (variant_id.hex, adapt(first), adapt(last))
    ]


def days_behind() -> int:
    """How many days wait to be added up. One query."""
    return StaleSalesDay.objects.count()


def _days(first: date, last: date, currency: str) -> "QuerySet[DailySales]":
    return DailySales.objects.filter(day__range=(first, last), currency=currency)


def _by(column: str, rows: "QuerySet[DailySales]") -> dict[Any, SalesSums]:
    found: Any = rows.order_by(column).values(column).annotate(**_aliased())
    return {row[column]: _sums(row) for row in found}


def _aliased() -> dict[str, Any]:
    """Prefixed: a sum named like its column would hide it."""
    return {f"sum_{name}": total for name, total in _SUMS.items()}


def _sums(row: Mapping[str, Any]) -> SalesSums:
    return SalesSums(**{name: row[f"sum_{name}"] for name in _SUMS})
