"""Telling the others that what some products cost before promotions, or where they stand, is another."""

from collections.abc import Iterable
from uuid import UUID

from marketplace.core.outbox.publishing import publish_all
from stores.events import ProductsRepriced

MOST_TOLD = 1_000
"""Products an event names."""


def tell_repriced(product_ids: Iterable[UUID]) -> None:
    """Publish `ProductsRepriced` for the products, in the caller's transaction; nothing for none."""
    ids = sorted(set(product_ids))
    chunks = [tuple(ids[start : start + MOST_TOLD]) for start in range(0, len(ids), MOST_TOLD)]
    if chunks:
        publish_all(ProductsRepriced(product_ids=chunk) for chunk in chunks)
