"""What of some products can be bought this moment, with what a selection shows of them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from django.db.models import F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.core.money import Money
from stores.contracts import Goods, ShelfProduct
from stores.merchants.models import Store

from .models import Category, Product, Variant

_COLUMNS: Final = (
    "pk", "name", "store_id", "store__name", "category_id", "category__name", "category__path", "brand_id",
    "listing__price_from_minor", "listing__currency", "listing__images", "available",
)  # fmt: skip


def products_on_sale(product_ids: Iterable[UUID]) -> dict[UUID, ShelfProduct]:
    """Those of the products that anybody may see and buy now: published, of an open store, in stock. One query."""
    rows = _on_sale().filter(pk__in=set(product_ids)).values_list(*_COLUMNS)
    return {row[0]: _shown(dict(zip(_COLUMNS, row, strict=True))) for row in rows}


def goods_on_sale(product_ids: Iterable[UUID]) -> dict[UUID, Goods]:
    """The same of very many, with what they belong to and nothing to show. One query."""
    rows = _on_sale().filter(pk__in=set(product_ids)).values_list("pk", "category_id", "store_id", "brand_id")
    return {row[0]: Goods(*row) for row in rows}


def newest_on_sale(*, category_id: UUID | None = None, limit: int) -> list[UUID]:
    """The products that were added last and can be bought now, of a category's tree where one is given. One query."""
    rows = _on_sale().order_by("-pk")
    if category_id is not None:
        path = Category.objects.filter(pk=category_id).values("path")
        rows = rows.filter(category__path__startswith=Subquery(path))
    return list(rows.values_list("pk", flat=True)[:limit])


def _on_sale() -> "QuerySet[Product, Any]":
    free = F("stock_items__on_hand") - F("stock_items__allocated")
    stock = (
        Variant.objects.filter(
            product=OuterRef("pk"),
            is_active=True,
            archived_at__isnull=True,
            stock_items__store=F("store"),
        )
        .order_by()
        .values("product")
        .annotate(free=Sum(free))
        .values("free")
    )
    available = Coalesce(Subquery(stock, output_field=IntegerField()), 0)
    return (
        Product.objects.filter(archived_at__isnull=True, listing__is_offered=True, store__state=Store.State.OPEN)
        .annotate(available=available)
        .filter(available__gt=0)
    )


def _shown(row: dict[str, Any]) -> ShelfProduct:
    first = row["listing__images"][0] if row["listing__images"] else {"thumbnail": "", "alternative_text": ""}
    return ShelfProduct(
        product_id=row["pk"],
        name=row["name"],
        store_id=row["store_id"],
        store_name=row["store__name"],
        category_id=row["category_id"],
        category_name=row["category__name"],
        category_ids=_ids_on(row["category__path"]),
        brand_id=row["brand_id"],
        price_from=Money(row["listing__price_from_minor"] or 0, row["listing__currency"]),
        thumbnail=first["thumbnail"],
        alternative_text=first["alternative_text"],
        available=row["available"],
    )


@lru_cache(maxsize=10_000)
def _ids_on(path: str) -> frozenset[UUID]:
    return frozenset(UUID(hex=step) for step in path.split("/") if step)
