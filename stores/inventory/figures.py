"""How stock stands, for reports: from the counters, never from movements."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, Sum

from marketplace.core.money import Money
from stores.contracts import StockHealth, StoreStock

from .models import StockItem
from .selectors import drift_found

_AVAILABLE = F("on_hand") - F("allocated")
_OUT, _LOW = Q(on_hand__lte=F("allocated")), Q(on_hand__lte=F("allocated") + F("reorder_point"))


def stock_health() -> StockHealth:
    """All items of goods that are not deleted, as of now. Two queries."""
    rows = _sold_here().aggregate(
        items=Count("pk"),
        out=Count("pk", filter=_OUT),
        low=Count("pk", filter=_LOW),
        on_hand=Sum("on_hand", default=0),
        allocated=Sum("allocated", default=0),
    )
    return StockHealth(**rows, drifting=drift_found())


def stock_value() -> tuple[dict[str, Money], int]:
    """What is on hand at what it cost, by currency; and how many units have no known cost. One query."""
    rows: Any = (
        _sold_here()
        .filter(on_hand__gt=0)
        .values("variant__currency")
        .annotate(
            value=Sum(F("on_hand") * F("variant__cost_minor"), default=0),
            unknown=Sum("on_hand", filter=Q(variant__cost_minor__isnull=True), default=0),
        )
        .order_by("variant__currency")
    )
    found = list(rows)
    values = {row["variant__currency"]: Money(int(row["value"]), row["variant__currency"]) for row in found}
    return values, sum(row["unknown"] for row in found)


def stock_by_store(*, limit: int) -> list[StoreStock]:
    """The stores with most items to reorder. One query."""
    rows: Any = (
        _sold_here()
        .values("store")
        .annotate(items=Count("pk"), out=Count("pk", filter=_OUT), low=Count("pk", filter=_LOW), on_hand=Sum("on_hand"))
        .order_by("-low", "-items", "store")[:limit]
        .values_list("store", "store__name", "items", "out", "low", "on_hand")
    )
    return [StoreStock(*row) for row in rows]


def available_of(variant_ids: Collection[UUID]) -> dict[UUID, int]:
    """What may still be promised of variants, over all their stores. One query."""
    rows: Any = StockItem.objects.filter(variant__in=variant_ids).order_by().values("variant")
    return dict(rows.annotate(available=Sum(_AVAILABLE)).values_list("variant", "available"))


def _sold_here() -> Any:
    return StockItem.objects.filter(variant__archived_at__isnull=True).order_by()
