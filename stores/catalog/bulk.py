"""Adding brands, categories and products in bulk (demo data, importers). Re-runnable: what is there stays as it is."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.db import models, transaction

from marketplace.core.errors import NotFoundError
from marketplace.core.money import CurrencyMismatchError
from stores.contracts import Added, BrandRow, CatalogAdded, CategoryRow, ProductRow
from stores.merchants.models import Store

from . import listings
from .barcodes import require_barcode
from .errors import BarcodeTakenError
from .models import Brand, Category, Product, Variant
from .repriced import tell_repriced
from .services import add_image, create_category, note_prices

ModelT = TypeVar("ModelT", bound=models.Model)


@transaction.atomic
def add_brands(rows: Iterable[BrandRow]) -> Added:
    """Add the brands that are not there yet."""
    wanted = {row.slug: row for row in rows}
    ids: dict[str, UUID] = dict(Brand.objects.filter(slug__in=wanted).values_list("slug", "pk"))
    fresh = [Brand(slug=row.slug, name=row.name) for row in wanted.values() if row.slug not in ids]
    Brand.objects.bulk_create(fresh)
    return Added(ids | {brand.slug: brand.pk for brand in fresh}, len(fresh))


@transaction.atomic
def add_categories(rows: Iterable[CategoryRow]) -> Added:
    """Add the categories that are not there yet, parents first. Raises what `create_category` raises."""
    wanted = {row.slug: row for row in rows}
    known = {*wanted, *(row.parent_slug for row in wanted.values())}
    ids: dict[str, UUID] = dict(Category.objects.filter(slug__in=known).values_list("slug", "pk"))
    new_count = 0
    for row in wanted.values():
        if row.slug in ids:
            continue
        if row.parent_slug and row.parent_slug not in ids:
            raise NotFoundError
        category = create_category(
            name=row.name,
            slug=row.slug,
            department_id=row.department_id,
            parent_id=ids.get(row.parent_slug),
            tax_bp=row.tax_bp,
            actor_id=None,
        )
        ids[row.slug] = category.pk
        new_count += 1
    return Added({slug: ids[slug] for slug in wanted}, new_count)


def add_pictures(rows: Iterable[tuple[UUID, str, Callable[[], bytes]]]) -> int:
    """A first picture of products that have none: id, what the picture says, and what makes the file; how many."""
    wanted = {product_id: (text, file) for product_id, text, file in rows}
    bare = Product.objects.filter(pk__in=wanted, archived_at__isnull=True, images__isnull=True)
    for product in bare:
        text, file = wanted[product.pk]
        add_image(product=product, upload=file(), actor_id=None, alternative_text=text)
    return len(bare)


@transaction.atomic
def add_products(rows: Sequence[ProductRow], *, cause: str = "bulk", actor_id: UUID | None = None) -> CatalogAdded:
    """Add products by (store, slug) and their variants by (store, SKU), in one transaction.

    `cause` and `actor_id` go into the history of prices. Raises `NotFoundError` for an unknown store, category or
    brand, `CurrencyMismatchError` for a price that is not in the store's currency, `InvalidInputError` for a wrong
    barcode, `BarcodeTakenError`.
    """
    stores = _by_slug(Store, {row.store_slug for row in rows})
    products, new_products = _products(rows, stores)
    store_ids = {store.pk for store in stores.values()}
    skus = {variant.sku for row in rows for variant in row.variants}
    slugs = {store.pk: slug for slug, store in stores.items()}
    ids = {
        (slugs[store_id], sku): pk
        for pk, store_id, sku in Variant.objects.filter(store__in=store_ids, sku__in=skus).values_list(
            "pk", "store_id", "sku"
        )
    }
    fresh: dict[tuple[str, str], Variant] = {}
    for row in rows:
        for variant in _variants(row, stores[row.store_slug], products[row.store_slug, row.slug]):
            place = (row.store_slug, variant.sku)
            if place not in ids:
                fresh.setdefault(place, variant)
    _refuse_taken_barcodes(fresh.values())
    Variant.objects.bulk_create(fresh.values())
    note_prices(fresh.values(), cause=cause, actor_id=actor_id)
    listings.refresh(products.values() if new_products else {variant.product_id for variant in fresh.values()})
    tell_repriced(variant.product_id for variant in fresh.values())
    ids |= {place: variant.pk for place, variant in fresh.items()}
    store_slugs = {slug: store.pk for slug, store in stores.items()}
    return CatalogAdded(store_slugs, ids, new_products, len(fresh))


def _products(rows: Sequence[ProductRow], stores: dict[str, Store]) -> tuple[dict[tuple[str, str], UUID], int]:
    categories = _by_slug(Category, {row.category_slug for row in rows})
    brands = _by_slug(Brand, {row.brand_slug for row in rows if row.brand_slug})
    slugs = {store.pk: slug for slug, store in stores.items()}
    known = Product.objects.filter(store__in=slugs, slug__in={row.slug for row in rows})
    ids = {(slugs[store_id], slug): pk for pk, store_id, slug in known.values_list("pk", "store_id", "slug")}
    fresh: dict[tuple[str, str], Product] = {}
    for row in rows:
        place = (row.store_slug, row.slug)
        if place not in ids and place not in fresh:
            fresh[place] = Product(
                store=stores[row.store_slug],
                category=categories[row.category_slug],
                brand=brands[row.brand_slug] if row.brand_slug else None,
                slug=row.slug,
                name=row.name,
                description=row.description,
            )
    Product.objects.bulk_create(fresh.values())
    return ids | {place: product.pk for place, product in fresh.items()}, len(fresh)


def _variants(row: ProductRow, store: Store, product_id: UUID) -> Iterable[Variant]:
    for variant in row.variants:
        for amount in (variant.price, variant.cost):
            if amount is not None and amount.currency != store.currency:
                raise CurrencyMismatchError(left=amount.currency, right=store.currency)
        yield Variant(
            product_id=product_id,
            store=store,
            sku=variant.sku,
            barcode=require_barcode(variant.barcode),
            options=variant.options,
            price_minor=variant.price.minor,
            cost_minor=None if variant.cost is None else variant.cost.minor,
            currency=store.currency,
        )


def _refuse_taken_barcodes(fresh: Iterable[Variant]) -> None:
    wanted: set[tuple[UUID, str]] = set()
    for variant in fresh:
        place = (variant.store_id, variant.barcode)
        if variant.barcode and place in wanted:
            raise BarcodeTakenError(barcode=variant.barcode)
        wanted.add(place)
    there = Variant.objects.filter(
        store__in={store_id for store_id, _barcode in wanted},
        barcode__in={barcode for _store_id, barcode in wanted if barcode},
        archived_at__isnull=True,
    )
    for place in there.values_list("store_id", "barcode"):
        if place in wanted:
            raise BarcodeTakenError(barcode=place[1])


def _by_slug(model: type[ModelT], slugs: set[str]) -> dict[str, Any]:
    found = {row.slug: row for row in model._default_manager.filter(slug__in=slugs)}  # type: ignore[attr-defined]
    if len(found) != len(slugs):
        raise NotFoundError
    return found
