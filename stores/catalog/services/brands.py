"""Writes of brands. They belong to no store and no department."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError

from marketplace.core import audit
from marketplace.core.http.etags import compare_and_set
from stores.catalog import listings
from stores.catalog.errors import BrandInUseError
from stores.catalog.models import Brand, Product
from stores.revisions import insert_with_slug, revise
from stores.slugs import SlugTakenError, slug_candidates


@transaction.atomic
def create_brand(*, name: str, actor_id: UUID | None, slug: str = "") -> Brand:
    """Add a brand; without a slug one is made from the name. Raises `SlugTakenError`."""
    candidates = slug_candidates(given=slug, name=name, fallback="brand", max_length=140)
    brand = insert_with_slug(lambda candidate: Brand(name=name, slug=candidate), candidates)
    audit.record(actor_id=actor_id, action="stores.create_brand", subject=brand, after={"slug": brand.slug})
    return brand


@transaction.atomic
def change_brand(
    *, brand: Brand, expected_version: int | None, changes: dict[str, Any], actor_id: UUID | None
) -> Brand:
    """Set the given columns; its products are found by its new name at once. Raises `StaleError`, `SlugTakenError`."""
    before = revise(
        brand,
        expected_version=expected_version,
        changes=changes,
        actor_id=actor_id,
        action="stores.change_brand",
        clash=SlugTakenError(slug=changes.get("slug", brand.slug)),
    )
    if before.get("name", brand.name) != brand.name:
        listings.refresh(Product.objects.filter(brand=brand).values_list("pk", flat=True))
    return brand


@transaction.atomic
def delete_brand(*, brand: Brand, expected_version: int | None, actor_id: UUID | None) -> None:
    """Delete a brand that no product has. Raises `StaleError`, `BrandInUseError`."""
    compare_and_set(brand, expected_version)
    audit.record(actor_id=actor_id, action="stores.delete_brand", subject=brand, before={"slug": brand.slug})
    try:
        brand.delete()
    except ProtectedError as error:
        raise BrandInUseError from error
