"""Reads of the catalogue."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.kpis import Kpi
from marketplace.core.money import Money
from stores.contracts import VariantCard
from stores.merchants.models import Store

from .models import Category, Product, Variant

DEPARTMENT_PATH = "category__department"

_CARD_COLUMNS = (
    "pk",
    "product_id",
    "store_id",
    "store__name",
    "store__state",
    "sku",
    "product__name",
    "options",
    "price_minor",
    "currency",
    "product__category__department_id",
    "product__category__tax_bp",
    "store__commission_bp",
    "store__latitude",
    "store__longitude",
    "is_active",
    "archived_at",
    "product__is_published",
    "product__archived_at",
)
_NAME_LENGTH = 200


def require_reach(
    user: access.Person, key: str, *, department_id: UUID | None = None, store_id: UUID | None = None
) -> None:
    """Raises `NotFoundError` unless `key` reaches the department or the store."""
    if not access.reach(user, key).covers(department_id=department_id, store_id=store_id):
        raise NotFoundError


def offered_products() -> QuerySet[Product]:
    """Products with what a list shows of them: `price_from_minor`, `price_currency`, `in_stock`.

    The price is the lowest of the active variants; null without any.
    """
    variants = Variant.objects.filter(product=OuterRef("pk"), is_active=True, archived_at__isnull=True)
    cheapest = variants.order_by("price_minor", "pk")
    return Product.objects.filter(archived_at__isnull=True).annotate(
        price_from_minor=Subquery(cheapest.values("price_minor")[:1]),
        price_currency=Subquery(cheapest.values("currency")[:1]),
        in_stock=Exists(variants.filter(stock_items__on_hand__gt=F("stock_items__allocated"))),
    )


def public_products() -> QuerySet[Product]:
    """What anyone may see: published, of a store that is not closed."""
    return offered_products().exclude(store__state=Store.State.CLOSED).filter(is_published=True)


def products_within(user: access.Person, key: str) -> QuerySet[Product]:
    """Products, published or not, that `key` reaches."""
    where = access.reach(user, key)
    return access.within(offered_products(), where, department_path=DEPARTMENT_PATH, store_path="store")


def visible_products(user: access.Person) -> QuerySet[Product]:
    """What `user` may see: the public ones, and all within reach of `catalog:read`."""
    where = access.reach(user, "catalog:read")
    if where.is_empty:
        return public_products()
    if where.everywhere:
        return offered_products()
    public = Q(is_published=True) & ~Q(store__state=Store.State.CLOSED)
    mine = Q(category__department__in=where.departments) | Q(store__in=where.stores)
    return offered_products().filter(public | mine)


def in_subtree(rows: QuerySet[Product], category_id: UUID) -> QuerySet[Product]:
    """Products of a category or of one below it; none when there is no such category."""
    path = Category.objects.filter(pk=category_id).values_list("path", flat=True).first()
    return rows.none() if path is None else rows.filter(category__path__startswith=path)


def priced_between(
    rows: QuerySet[Product], *, least: Money | None = None, most: Money | None = None
) -> QuerySet[Product]:
    """Products with an active variant in that range, in the currency asked for."""
    conditions: dict[str, Any] = {}
    for name, bound in (("price_minor__gte", least), ("price_minor__lte", most)):
        if bound is not None:
            conditions |= {name: bound.minor, "currency": bound.currency}
    variants = Variant.objects.filter(product=OuterRef("pk"), is_active=True, archived_at__isnull=True)
    return rows.filter(Exists(variants.filter(**conditions)))


def search_products(rows: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Products whose name, brand or SKU contains the text."""
    has_sku = Exists(Variant.objects.filter(product=OuterRef("pk"), archived_at__isnull=True, sku__icontains=text))
    return rows.filter(Q(name__icontains=text) | Q(brand__name__icontains=text) | has_sku)


def variants_of(product: Product, *, with_inactive: bool) -> QuerySet[Variant]:
    """The product's variants with `in_stock`; the inactive ones only for its people."""
    in_stock = Exists(Variant.objects.filter(pk=OuterRef("pk"), stock_items__on_hand__gt=F("stock_items__allocated")))
    rows = Variant.objects.filter(product=product, archived_at__isnull=True).annotate(in_stock=in_stock)
    return rows if with_inactive else rows.filter(is_active=True)


def variant_card(variant_id: UUID) -> VariantCard:
    """All that selling the variant needs, in one query. Raises `NotFoundError`."""
    cards = variant_cards([variant_id])
    if variant_id not in cards:
        raise NotFoundError
    return cards[variant_id]


def variant_cards(variant_ids: Iterable[UUID]) -> dict[UUID, VariantCard]:
    """The cards of many variants, in one query; unknown ids are left out."""
    rows = Variant.objects.filter(pk__in=set(variant_ids)).values_list(*_CARD_COLUMNS)
    return {row[0]: _card(dict(zip(_CARD_COLUMNS, row, strict=True))) for row in rows}


def _card(row: dict[str, Any]) -> VariantCard:
    options = ", ".join(str(value) for value in row["options"].values())
    is_open = row["store__state"] == Store.State.OPEN
    is_offered = row["is_active"] and row["product__is_published"]
    is_present = row["archived_at"] is None and row["product__archived_at"] is None
    return VariantCard(
        variant_id=row["pk"],
        product_id=row["product_id"],
        store_id=row["store_id"],
        store_name=row["store__name"],
        store_is_open=is_open,
        sku=row["sku"],
        name=(f"{row['product__name']} ({options})" if options else row["product__name"])[:_NAME_LENGTH],
        price=Money(row["price_minor"], row["currency"]),
        department_id=row["product__category__department_id"],
        tax_bp=row["product__category__tax_bp"],
        commission_bp=row["store__commission_bp"],
        latitude=row["store__latitude"],
        longitude=row["store__longitude"],
        is_sellable=is_open and is_offered and is_present,
    )


def published_products_kpi() -> Kpi:
    """How many products are on the shelves."""
    count = Product.objects.filter(archived_at__isnull=True, is_published=True).count()
    return Kpi(label=Product._meta.verbose_name_plural, value=str(count), link="admin:stores_product_changelist")
