"""What lists and details show of a product, from its row and its listing."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.request import Request

from marketplace.core.http.fields import (
    BooleanField,
    CharField,
    DateTimeField,
    IntegerField,
    MoneyField,
    URLField,
    UUIDField,
    money_json,
)
from marketplace.core.money import Money
from stores.catalog.models import Product
from stores.catalog.public_list import ShownProduct


class ShownImageSerializer(serializers.Serializer[Any]):
    """A picture as it is shown."""

    id = UUIDField(read_only=True)
    url = URLField(read_only=True)
    thumbnail = URLField(read_only=True, help_text=_("At most 320 pixels wide and high."))
    alternative_text = CharField(read_only=True)
    width = IntegerField(read_only=True)
    height = IntegerField(read_only=True)


class PromotionSerializer(serializers.Serializer[Any]):
    """A promoted price."""

    price = MoneyField(read_only=True, allow_zero=True)
    ends_at = DateTimeField(read_only=True, allow_null=True)
    is_conditional = BooleanField(
        read_only=True, help_text=_("Not everybody gets it; what a person pays is decided at checkout.")
    )


def media_root(request: Request) -> str:
    """What the address of a picture begins with."""
    return request.build_absolute_uri(settings.MEDIA_URL)


def shown(product: Product) -> ShownProduct:
    """What is shown of a product that a selector has read."""
    listing = product.listing
    return ShownProduct(
        pk=product.pk,
        name=product.name,
        slug=product.slug,
        description=product.description,
        category_id=product.category_id,
        brand_id=product.brand_id,
        store_id=product.store_id,
        is_published=product.is_published,
        created_at=product.created_at,
        price_from_minor=listing.price_from_minor,
        currency=listing.currency,
        images=listing.images,
        promotions=listing.promotions,
        in_stock=bool(product.in_stock),  # type: ignore[attr-defined]  # selectors annotate it
    )


def product_json(product: ShownProduct, *, at: datetime, media: str) -> dict[str, Any]:
    """One product, at a moment."""
    minor = product.price_from_minor
    images = [image_json(image, media) for image in product.images]
    return {
        "id": str(product.pk),
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "category": str(product.category_id),
        "brand": None if product.brand_id is None else str(product.brand_id),
        "store": str(product.store_id),
        "is_published": product.is_published,
        "price_from": None if minor is None else money_json(Money(minor, product.currency)),
        "promotion": _promotion_json(product.promotions, at),
        "promotion_for_all": _promotion_json(product.promotions, at, for_all=True),
        "in_stock": product.in_stock,
        "thumbnail": images[0]["thumbnail"] if images else None,
        "images": images,
        "created_at": _moment(product.created_at),
    }


def image_json(image: dict[str, Any], media: str) -> dict[str, Any]:
    """One picture out of a listing."""
    return {
        "id": image["id"],
        "url": media + image["file"],
        "thumbnail": media + image["thumbnail"],
        "alternative_text": image["alternative_text"],
        "width": image["width"],
        "height": image["height"],
    }


def _promotion_json(promotions: list[dict[str, Any]], at: datetime, *, for_all: bool = False) -> dict[str, Any] | None:
    """The lowest that runs; they are kept in the order of their prices."""
    for price in promotions:
        if for_all and price["is_conditional"]:
            continue
        ends_at = price["ends_at"] and datetime.fromisoformat(price["ends_at"])
        if datetime.fromisoformat(price["starts_at"]) <= at and (ends_at is None or at < ends_at):
            return {
                "price": money_json(Money(price["price_minor"], price["currency"])),
                "ends_at": ends_at and _moment(ends_at),
                "is_conditional": price["is_conditional"],
            }
    return None


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
