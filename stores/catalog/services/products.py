"""Writes of products."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from stores.catalog import listings
from stores.catalog.errors import StoreFixedError
from stores.catalog.models import Category, Product
from stores.catalog.repriced import tell_repriced
from stores.merchants.models import Store
from stores.revisions import insert_with_slug, revise
from stores.slugs import SlugTakenError, slug_candidates

_SEARCHED = {"name", "description", "brand_id"}


@transaction.atomic
def create_product(
    *, store: Store, category: Category, name: str, actor_id: UUID | None, slug: str = "", **columns: Any
) -> Product:
    """Add a product to a store; without a slug one is made from the name, unique inside the store.

    `columns` are further ones of the product (`brand_id`, `description`, `is_published`). Raises `SlugTakenError`.
    """

    def build(candidate: str) -> Product:
        return Product(store=store, category=category, name=name, slug=candidate, **columns)

    product = insert_with_slug(build, slug_candidates(given=slug, name=name, fallback="product", max_length=220))
    audit.record(
        actor_id=actor_id,
        action="stores.create_product",
        subject=product,
        after={"slug": product.slug, "store_id": store.pk},
    )
    listings.refresh([product.pk])
    return product


@transaction.atomic
def change_product(
    *, product: Product, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> Product:
    """Set the given columns. Raises `StaleError`, `SlugTakenError`, `StoreFixedError`."""
    if changes.get("store_id", product.store_id) != product.store_id:
        raise StoreFixedError
    before = revise(
        product,
        expected_version=expected_version,
        changes=changes,
        actor_id=actor_id,
        action="stores.change_product",
        clash=SlugTakenError(slug=changes.get("slug", product.slug)),
    )
    changed = {name for name, value in before.items() if value != changes[name]}
    if changed:
        listings.refresh([product.pk], words=bool(changed & _SEARCHED))
    if "category_id" in changed:
        tell_repriced([product.pk])
    return product


@transaction.atomic
def archive_product(*, product: Product, expected_version: int | None, at: datetime, actor_id: UUID | None) -> None:
    """Take the product off the shelves for good; orders that name it stay. Raises `StaleError`."""
    revise(
        product,
        expected_version=expected_version,
        changes={"archived_at": at, "is_published": False},
        actor_id=actor_id,
        action="stores.archive_product",
    )
    listings.refresh([product.pk], words=False)
