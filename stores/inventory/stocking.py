"""Putting new variants on their shelves: products in bulk (demo data, importers), or one by hand."""

from collections.abc import Iterable
from itertools import islice
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from stores.catalog.bulk import add_products
from stores.catalog.models import Variant
from stores.contracts import CatalogAdded, ProductRow

from .errors import StockOpenError
from .models import StockItem
from .services import StockOpening, open_stock

CHUNK = 500


def add_catalog(rows: Iterable[ProductRow]) -> CatalogAdded:
    """Add the products, variants and opening stock that are not there yet, in chunks of one transaction each.

    Known by (store slug, slug) and (store slug, SKU); what is there stays as it is. Raises `NotFoundError` for an
    unknown store, category or brand, `CurrencyMismatchError`.
    """
    iterator = iter(rows)
    added = CatalogAdded({}, {}, 0, 0)
    while chunk := list(islice(iterator, CHUNK)):
        part = _add_chunk(chunk)
        added = CatalogAdded(
            added.store_ids | part.store_ids,
            added.variant_ids | part.variant_ids,
            added.new_products_count + part.new_products_count,
            added.new_variants_count + part.new_variants_count,
        )
    return added


@transaction.atomic
def _add_chunk(chunk: list[ProductRow]) -> CatalogAdded:
    added = add_products(chunk)
    openings: dict[UUID, StockOpening] = {}
    for row in chunk:
        for variant in row.variants:
            variant_id = added.variant_ids[row.store_slug, variant.sku]
            openings.setdefault(
                variant_id,
                StockOpening(
                    variant_id=variant_id,
                    store_id=added.store_ids[row.store_slug],
                    quantity=variant.opening_stock,
                    reorder_point=variant.reorder_point,
                    reorder_qty=variant.reorder_qty,
                ),
            )
    open_stock(list(openings.values()))
    return added


@transaction.atomic
def put_on_shelf(
    *, variant: Variant, quantity: int, reorder_point: int, reorder_qty: int, actor_id: UUID | None
) -> StockItem:
    """Open the stock item of a new variant in its store with `quantity` units. Raises `StockOpenError`."""
    opening = StockOpening(
        variant_id=variant.pk,
        store_id=variant.store_id,
        quantity=quantity,
        reorder_point=reorder_point,
        reorder_qty=reorder_qty,
    )
    try:
        with transaction.atomic():
            is_new = open_stock([opening], actor_id=actor_id)
    except IntegrityError:  # somebody else was faster
        is_new = 0
    if not is_new:
        raise StockOpenError
    item = StockItem.objects.get(variant=variant, store_id=variant.store_id)
    counts = {"on_hand": quantity, "reorder_point": reorder_point, "reorder_qty": reorder_qty}
    audit.record(actor_id=actor_id, action="stores.put_on_shelf", subject=item, after=counts)
    return item
