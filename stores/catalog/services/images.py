"""Writes of pictures: the files are made anew (`pictures`), and go when their row goes."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max

from marketplace.core import audit
from marketplace.core.locking import LockRank, lock
from stores.catalog import listings
from stores.catalog.errors import ImageThereError, TooManyImagesError
from stores.catalog.models import Product, ProductImage
from stores.catalog.pictures import EXTENSION, Picture, remake

MAX_IMAGES = 10


@transaction.atomic
def add_image(
    *,
    product: Product,
    upload: bytes,
    actor_id: UUID | None,
    alternative_text: str = "",
    position: int | None = None,
) -> ProductImage:
    """Add a picture, behind the others unless `position` says where.

    Raises `ImageTooLargeError`, `ImageRefusedError`, `ImageThereError` for the same file again, `TooManyImagesError`
    past ten.
    """
    picture = remake(upload)
    lock(LockRank.CATALOG, Product.objects.filter(pk=product.pk))  # ten, also of two uploads at once
    there = ProductImage.objects.filter(product=product)
    if there.filter(digest=picture.digest).exists():
        raise ImageThereError
    if there.count() >= MAX_IMAGES:
        raise TooManyImagesError(limit=MAX_IMAGES)
    if position is None:
        last = there.aggregate(last=Max("position"))["last"]
        position = 0 if last is None else last + 1
    image = ProductImage(product=product, alternative_text=alternative_text, position=position, digest=picture.digest)
    try:
        _store_files(image, picture)
        image.save(force_insert=True)
        audit.record(actor_id=actor_id, action="stores.add_image", subject=image, after={"product_id": product.pk})
        listings.refresh([product.pk], words=False)
    except BaseException:
        _remove_files(_names([image]))
        raise
    return image


@transaction.atomic
def change_image(*, image: ProductImage, changes: dict[str, Any], actor_id: UUID | None) -> ProductImage:
    """Set `alternative_text` or `position`."""
    before = {name: getattr(image, name) for name in changes}
    for name, value in changes.items():
        setattr(image, name, value)
    image.save(update_fields=[*changes, "updated_at"])
    audit.record(actor_id=actor_id, action="stores.change_image", subject=image, before=before, after=changes)
    listings.refresh([image.product_id], words=False)
    return image


@transaction.atomic
def delete_image(*, image: ProductImage, actor_id: UUID | None) -> None:
    """Delete a picture; its files go once that is committed."""
    names = _names([image])
    audit.record(
        actor_id=actor_id, action="stores.delete_image", subject=image, before={"product_id": image.product_id}
    )
    image.delete()
    listings.refresh([image.product_id], words=False)
    transaction.on_commit(lambda: _remove_files(names), robust=True)


def _store_files(image: ProductImage, picture: Picture) -> None:
    """Named by content and row: never written twice, so that caches may keep them for good."""
    for field, folder, content in (
        ("file", "products", picture.main),
        ("thumbnail", "products/thumbnails", picture.thumbnail),
    ):
        name = f"{folder}/{sha256(content).hexdigest()[:32]}-{image.pk.hex[-12:]}.{EXTENSION}"
        setattr(image, field, default_storage.save(name, ContentFile(content)))
    image.width, image.height = picture.width, picture.height


def _names(images: Iterable[ProductImage]) -> list[str]:
    return [name for image in images for name in (image.file.name, image.thumbnail.name) if name]


def _remove_files(names: Iterable[str]) -> None:
    for name in names:
        default_storage.delete(name)
