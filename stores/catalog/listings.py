"""The row that lists show of a product, kept equal to the truth by everybody who writes what it is made of."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core.inserting import insert_many

from . import searching
from .freshness import lists_changed
from .models import Listing, Product, ProductImage, PublicPrice, Variant

CHUNK = 500
_COLUMNS = (
    *("store_id", "category_id", "brand_id", "is_offered", "price_from_minor", "price_to_minor", "currency"),
    *("images", "promotions"),
)
_OF_PRICES = ("variant__product_id", "price_minor", "currency", "starts_at", "ends_at", "is_conditional")
_OF_VARIANTS = ("product_id", "price_minor", "currency", "is_active", "sku", "barcode")


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the listings of some products are made of: those with store and brand, and by product what hangs on them.

    Variants, deleted ones left out, are models or rows of `_OF_VARIANTS`.
    """

    products: Sequence[Product]
    variants: Mapping[UUID, Sequence[Any]]
    images: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)
    promotions: Mapping[UUID, list[dict[str, Any]]] = field(default_factory=dict)


_NOTHING = _Parts((), {})


def refresh(product_ids: Iterable[UUID], *, words: bool = True) -> None:
    """Write the listings of these products anew, in the caller's transaction. `words`: what is searched as well.

    Two people may change two variants of one product side by side: the row is locked before the truth is read, so
    that whoever comes second sees what the first has committed. Not a lock of the house order: every writer of the
    catalogue takes it last and holds it for moments.
    """
    ids = sorted(set(product_ids))
    for start in range(0, len(ids), CHUNK):
        with transaction.atomic():
            _write(ids[start : start + CHUNK], _NOTHING, words=words)
    if ids:
        lists_changed()


def refresh_and_add(product_ids: Iterable[UUID], *, added: Sequence[Product], variants: Iterable[Variant]) -> None:
    """`refresh`, and the first listings of products that the caller's transaction has added with all their variants.

    Nobody else sees those yet: there is no row to wait for, no picture and no promotion to read. They must have their
    store and their brand loaded. In one go: of words noted in two, two writers could wait for each other in a circle.
    """
    _write(sorted(set(product_ids)), _Parts(added, _by_product(variants)))
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
        for truth in _truth(_read(product_ids))
        if truth.product_id not in there or _shown(truth) != _shown(there[truth.product_id])
    ]


def _write(ids: list[UUID], added: _Parts, *, words: bool = True) -> None:
    _hold(ids)
    there = _read(ids, words=words)
    written = Listing.objects.bulk_create(
        _truth(there), update_conflicts=True, unique_fields=["product"], update_fields=_COLUMNS
    )
    first = insert_many(_truth(added))
    if words:
        searching.write(chain(_documents(there, written), _documents(added, first)))


def _hold(ids: list[UUID]) -> None:
    list(Listing.objects.filter(product__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _read(ids: Collection[UUID], *, words: bool = False) -> _Parts:
    products = Product.objects.filter(pk__in=ids).order_by("pk")
    if words:
        products = products.select_related("store", "brand")
    variants = Variant.objects.filter(product__in=ids, archived_at__isnull=True)
    sold = _by_product(variants.values_list(*_OF_VARIANTS, named=True))
    return _Parts(list(products), sold, _images(ids), _promotions(ids))


def _by_product(variants: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for variant in variants:
        found[variant.product_id].append(variant)
    return found


def _truth(parts: _Parts) -> list[Listing]:
    return [_listing(product, parts) for product in parts.products]


def _listing(product: Product, parts: _Parts) -> Listing:
    active = [variant for variant in parts.variants.get(product.pk, ()) if variant.is_active]
    prices = [variant.price_minor for variant in active]
    return Listing(
        product_id=product.pk,
        store_id=product.store_id,
        category_id=product.category_id,
        brand_id=product.brand_id,
        is_offered=product.is_published and product.archived_at is None,
        price_from_minor=min(prices, default=None),
        price_to_minor=max(prices, default=None),
        currency=active[0].currency if active else "",
        images=parts.images.get(product.pk, []),
        promotions=parts.promotions.get(product.pk, []),
    )


def _images(ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    images: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for image in ProductImage.objects.filter(product__in=ids).order_by("position", "pk"):
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


def _promotions(ids: Collection[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """The cheapest first, those that another stands in front of all the time left out."""
    shown: dict[UUID, list[Any]] = defaultdict(list)
    rows = PublicPrice.objects.filter(
        variant__product__in=ids, variant__is_active=True, variant__archived_at__isnull=True
    )
    for row in rows.order_by("price_minor", "pk").values_list(*_OF_PRICES, named=True):
        before = shown[row.variant__product_id]
        if not any(_hides(each, row) for each in before):
            before.append(row)
    return {product_id: [_promotion(row) for row in those] for product_id, those in shown.items()}


def _hides(cheaper: Any, row: Any) -> bool:
    """Whether nobody is ever shown `row` because of one that costs no more."""
    is_there = cheaper.starts_at <= row.starts_at
    stays = cheaper.ends_at is None or (row.ends_at is not None and row.ends_at <= cheaper.ends_at)
    return is_there and stays and (row.is_conditional or not cheaper.is_conditional)


def _promotion(row: Any) -> dict[str, Any]:
    return {
        "price_minor": row.price_minor,
        "currency": row.currency,
        "starts_at": row.starts_at.isoformat(),
        "ends_at": None if row.ends_at is None else row.ends_at.isoformat(),
        "is_conditional": row.is_conditional,
    }


def _shown(listing: Listing) -> tuple[Any, ...]:
    return tuple(getattr(listing, column) for column in _COLUMNS)


def _documents(parts: _Parts, listings: Sequence[Listing]) -> Iterator[searching.Document]:
    for product, listing in zip(parts.products, listings, strict=True):
        codes = (code for variant in parts.variants.get(product.pk, ()) for code in (variant.sku, variant.barcode))
        brand = product.brand.name if product.brand else ""
        yield searching.Document(
            listing_id=listing.pk,
            language=product.store.language,
            name=product.name,
            labels=" ".join([brand, *codes]),
            description=product.description,
        )
