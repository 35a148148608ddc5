"""Reads of the catalogue."""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.kpis import Kpi
from marketplace.core.money import Money
from stores.contracts import ProductFace, VariantCard
from stores.merchants.models import Store

from . import searching
from .models import Category, Listing, PriceChange, Product, ProductImage, PublicPrice, Variant

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
    "product__category__path",
    "product__category__tax_bp",
    "store__commission_bp",
    "store__latitude",
    "store__longitude",
    "is_active",
    "archived_at",
    "product__is_published",
    "product__archived_at",
    "shelf__on_hand",
    "shelf__allocated",
)
_NAME_LENGTH = 200


def require_reach(
    user: access.Person, key: str, *, department_id: UUID | None = None, store_id: UUID | None = None
) -> None:
    """Raises `NotFoundError` unless `key` reaches the department or the store."""
    if not access.reach(user, key).covers(department_id=department_id, store_id=store_id):
        raise NotFoundError


def offered_products() -> QuerySet[Product]:
    """Products with what a list shows of them: their `listing`, and `in_stock`, asked of the stock items."""
    stocked = Variant.objects.filter(
        product=OuterRef("pk"),
        is_active=True,
        archived_at__isnull=True,
        stock_items__on_hand__gt=F("stock_items__allocated"),
    )
    # Not EXISTS: PostgreSQL would answer it for the whole catalogue at once instead of for the rows of one page.
    answer = Subquery(stocked.order_by().values(yes=Value(True, output_field=BooleanField()))[:1])
    return (
        Product.objects.filter(archived_at__isnull=True)
        .select_related("listing")
        .annotate(in_stock=Coalesce(answer, Value(False), output_field=BooleanField()))
    )


def public_products() -> QuerySet[Product]:
    """What anyone may see: published, of a store that is not closed."""
    return offered_products().filter(~Q(store__state=Store.State.CLOSED), listing__is_offered=True)


def product_faces(product_ids: Iterable[UUID]) -> dict[UUID, ProductFace]:
    """How the products look in a list, in one query; unknown ids are left out."""
    rows = Listing.objects.filter(product__in=set(product_ids))
    found = {}
    for product_id, category, images in rows.values_list("product_id", "product__category__name", "images"):
        first = images[0] if images else {"file": "", "thumbnail": "", "alternative_text": ""}
        found[product_id] = ProductFace(
            product_id=product_id,
            category_name=category,
            picture=first["file"],
            thumbnail=first["thumbnail"],
            alternative_text=first["alternative_text"],
        )
    return found


def products_there(product_ids: Iterable[UUID]) -> set[UUID]:
    """Which of the ids are products that are not archived, published or not; one query."""
    found = Product.objects.filter(pk__in=set(product_ids), archived_at__isnull=True)
    return set(found.values_list("pk", flat=True))


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
    """Products of a category or of one below it; none when there is no such category. One statement for the tree."""
    here = Category.objects.filter(pk=category_id).values("path")
    # As a list, not as a subquery: the planner then knows how many products there are.
    subtree = list(Category.objects.filter(path__startswith=Subquery(here)).order_by().values_list("pk", flat=True))
    return rows.filter(listing__category_id__in=subtree)


def priced_between(
    rows: QuerySet[Product], *, least: Money | None = None, most: Money | None = None
) -> QuerySet[Product]:
    """Products with an active variant in that range, in the currency asked for."""
    # Together in one `filter`: each call of its own copies the whole query.
    bounds: list[Any] = [Q(listing__currency=bound.currency) for bound in (least, most) if bound is not None]
    if least is not None:
        bounds.append(Q(listing__price_to_minor__gte=least.minor))
    if most is not None:
        bounds.append(Q(listing__price_from_minor__lte=most.minor))
    if least is not None and most is not None:
        # Only where the range lies between the cheapest and the dearest variant one has to look at each.
        each = Variant.objects.filter(
            product=OuterRef("pk"),
            is_active=True,
            archived_at__isnull=True,
            price_minor__gte=least.minor,
            price_minor__lte=most.minor,
        )
        ends = Q(listing__price_from_minor__gte=least.minor) | Q(listing__price_to_minor__lte=most.minor)
        bounds.append(ends | Exists(each))
    return rows.filter(*bounds)


def on_promotion(rows: QuerySet[Product], at: datetime, *, wanted: bool = True) -> QuerySet[Product]:
    """Products of which a variant has a promoted price now, or those of which none has."""
    prices = PublicPrice.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=at),
        variant__product=OuterRef("pk"),
        variant__is_active=True,
        variant__archived_at__isnull=True,
        starts_at__lte=at,
    )
    return rows.filter(Exists(prices) if wanted else ~Exists(prices))


def search_products(rows: QuerySet[Product], text: str) -> QuerySet[Product]:
    """Products of which each word of the text begins a word, the better match first (`searching`)."""
    found: QuerySet[Product] = searching.find(rows, text)
    return found


def price_history(variant: Variant) -> QuerySet[PriceChange]:
    """What the variant has cost, newest first."""
    return PriceChange.objects.filter(variant=variant).order_by("-pk")


def images_of(product: Product) -> QuerySet[ProductImage]:
    """In the order they are shown in."""
    return ProductImage.objects.filter(product=product).order_by("position", "pk")


def variants_of(product: Product, *, with_inactive: bool) -> QuerySet[Variant]:
    """The product's variants with `in_stock`; the inactive ones only for its people."""
    in_stock = Exists(Variant.objects.filter(pk=OuterRef("pk"), stock_items__on_hand__gt=F("stock_items__allocated")))
    rows = Variant.objects.filter(product=product, archived_at__isnull=True).annotate(in_stock=in_stock)
    return rows if with_inactive else rows.filter(is_active=True)


def prices_on(variant_ids: Iterable[UUID], at: datetime) -> dict[UUID, Money]:
    """What the variants cost at that moment, before promotions; without those not there yet. One query."""
    before = PriceChange.objects.filter(variant=OuterRef("pk"), created_at__lte=at).order_by("-pk")
    rows = Variant.objects.filter(pk__in=set(variant_ids)).annotate(minor=Subquery(before.values("price_minor")[:1]))
    found = rows.filter(minor__isnull=False).values_list("pk", "minor", "currency")
    return {pk: Money(minor, currency) for pk, minor, currency in found}


def variant_card(variant_id: UUID) -> VariantCard:
    """All that selling the variant needs, in one query. Raises `NotFoundError`."""
    cards = variant_cards([variant_id])
    if variant_id not in cards:
        raise NotFoundError
    return cards[variant_id]


def variant_cards(variant_ids: Iterable[UUID]) -> dict[UUID, VariantCard]:
    """The cards of many variants, in one query; unknown ids are left out."""
    shelf = FilteredRelation("stock_items", condition=Q(stock_items__store=F("store")))
    rows = Variant.objects.filter(pk__in=set(variant_ids)).annotate(shelf=shelf).values_list(*_CARD_COLUMNS)
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
        category_ids=_ids_on(row["product__category__path"]),
        tax_bp=row["product__category__tax_bp"],
        commission_bp=row["store__commission_bp"],
        latitude=row["store__latitude"],
        longitude=row["store__longitude"],
        is_sellable=is_open and is_offered and is_present,
        available=max(0, (row["shelf__on_hand"] or 0) - (row["shelf__allocated"] or 0)),
    )


def variants_on_shelves(
    *,
    product_ids: Collection[UUID] = (),
    category_ids: Collection[UUID] = (),
    store_ids: Collection[UUID] = (),
) -> QuerySet[Variant, UUID]:
    """Ids of the variants that lie in each of the sets that are not empty, with what is below a category.

    Deleted variants are left out, those that nobody sees for now are not. A query, for set-wise statements.
    """
    rows = Variant.objects.filter(archived_at__isnull=True, product__archived_at__isnull=True)
    if product_ids:
        rows = rows.filter(product__in=product_ids)
    if store_ids:
        rows = rows.filter(store__in=store_ids)
    if category_ids:
        paths = Category.objects.filter(pk__in=category_ids).order_by("path").values_list("path", flat=True)
        below = Q()
        for path in paths:
            below |= Q(product__category__path__startswith=path)
        rows = rows.filter(below) if below else rows.none()
    return rows.order_by("pk").values_list("pk", flat=True)


@lru_cache(maxsize=10_000)
def _ids_on(path: str) -> frozenset[UUID]:
    return frozenset(UUID(hex=step) for step in path.split("/") if step)


def published_products_kpi() -> Kpi:
    """How many products are on the shelves."""
    count = Product.objects.filter(archived_at__isnull=True, is_published=True).count()
    return Kpi(label=Product._meta.verbose_name_plural, value=str(count), link="admin:stores_product_changelist")
