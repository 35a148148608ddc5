"""The row that lists show of a product, kept equal to the truth by everybody who writes what it is made of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from . import searching
from .freshness import lists_changed
from .models import Listing, Product, ProductImage, PublicPrice, Variant

CHUNK = 500
_COLUMNS = (
    *("store_id", "category_id", "brand_id", "is_offered", "price_from_minor", "price_to_minor", "currency"),
    *("images", "promotions"),
)


def refresh(product_ids: Iterable[UUID], *, words: bool = True) -> None:
    """Write the listings of these products anew, in the caller's transaction. `words`: what is searched as well.

    Two people may change two variants of one product side by side: the row is locked before the truth is read, so
    that whoever comes second sees what the first has committed. Not a lock of the house order: every writer of the
    catalogue takes it last and holds it for moments.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            _refresh(ids[start : start + CHUNK], words=words)
    if ids:
        lists_changed()


def rebuild() -> int:
    """Write all listings and all that is searched anew; how many listings were not what they should be."""
    searching.forget_all()
    wrong = 0
    for chunk in _chunks():
        wrong += len(adrift(chunk))
        refresh(chunk)
    return wrong


def count_adrift() -> int:
    """How many listings are not what the catalogue says."""
    return sum(len(adrift(chunk)) for chunk in _chunks())


def _chunks() -> Iterator[list[UUID]]:
    every = Product.objects.order_by("pk").values_list("pk", flat=True).iterator(chunk_size=CHUNK)
    while chunk := list(islice(every, CHUNK)):
        yield chunk


def adrift(product_ids: Collection[UUID]) -> list[UUID]:
    """Those of the products whose listing is missing or is not what the truth says."""
    there = {row.product_id: row for row in Listing.objects.filter(product__in=product_ids)}
    return [
        truth.product_id
        for truth in _truth(_products(product_ids))
        if truth.product_id not in there or _shown(truth) != _shown(there[truth.product_id])
    ]


def _refresh(ids: list[UUID], *, words: bool) -> None:
    _hold(ids)
    products = _products(ids)
    Listing.objects.bulk_create(
        _truth(products), update_conflicts=True, unique_fields=["product"], update_fields=_COLUMNS
    )
    if words:
        searching.write(_documents(products))


def _hold(ids: list[UUID]) -> None:
    list(Listing.objects.filter(product__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _products(ids: Collection[UUID]) -> list[Product]:
    return list(Product.objects.filter(pk__in=ids).select_related("store", "brand").order_by("pk"))


def _truth(products: list[Product]) -> list[Listing]:
    prices, currencies = _prices(products)
    images, promotions = _images(products), _promotions(products)
    return [
        Listing(
            product_id=product.pk,
            store_id=product.store_id,
            category_id=product.category_id,
            brand_id=product.brand_id,
            is_offered=product.is_published and product.archived_at is None,
            price_from_minor=min(prices[product.pk], default=None),
            price_to_minor=max(prices[product.pk], default=None),
            currency=currencies.get(product.pk, ""),
            images=images[product.pk],
            promotions=promotions[product.pk],
        )
        for product in products
    ]


def _prices(products: list[Product]) -> tuple[dict[UUID, list[int]], dict[UUID, str]]:
    prices: dict[UUID, list[int]] = defaultdict(list)
    currencies: dict[UUID, str] = {}
    rows = Variant.objects.filter(product__in=products, is_active=True, archived_at__isnull=True)
    for product_id, price_minor, currency in rows.values_list("product_id", "price_minor", "currency"):
        prices[product_id].append(price_minor)
        currencies[product_id] = currency
    return prices, currencies


def _images(products: list[Product]) -> dict[UUID, list[dict[str, Any]]]:
    images: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for image in ProductImage.objects.filter(product__in=products).order_by("position", "pk"):
        images[image.product_id].append(
            {
                "id": str(image.pk),
                "file": image.file.name,
                "thumbnail": image.thumbnail.name,
                "alternative_text": image.alternative_text,
                "width": image.width,
                "height": image.height,
            }
        )
    return images


def _promotions(products: list[Product]) -> dict[UUID, list[dict[str, Any]]]:
    promotions: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    rows = PublicPrice.objects.filter(
        variant__product__in=products, variant__is_active=True, variant__archived_at__isnull=True
    )
    for row in rows.select_related("variant").order_by("price_minor", "pk"):
        promotions[row.variant.product_id].append(
            {
                "price_minor": row.price_minor,
                "currency": row.currency,
                "starts_at": row.starts_at.isoformat(),
                "ends_at": None if row.ends_at is None else row.ends_at.isoformat(),
                "is_conditional": row.is_conditional,
            }
        )
    return promotions


def _shown(listing: Listing) -> tuple[Any, ...]:
    return tuple(getattr(listing, column) for column in _COLUMNS)


def _documents(products: list[Product]) -> Iterator[searching.Document]:
    ids = dict(Listing.objects.filter(product__in=products).values_list("product_id", "pk"))
    codes: dict[UUID, list[str]] = defaultdict(list)
    rows = Variant.objects.filter(product__in=products, archived_at__isnull=True)
    for product_id, sku, barcode in rows.values_list("product_id", "sku", "barcode"):
        codes[product_id] += (sku, barcode)
    for product in products:
        brand = product.brand.name if product.brand else ""
        yield searching.Document(
            listing_id=ids[product.pk],
            language=product.store.language,
            name=product.name,
            labels=" ".join([brand, *codes[product.pk]]),
            description=product.description,
        )
