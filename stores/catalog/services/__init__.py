"""Writes of the catalogue, by topic."""

from .brands import change_brand, create_brand, delete_brand
from .categories import change_category, create_category, delete_category
from .images import MAX_IMAGES, add_image, change_image, delete_image
from .products import archive_product, change_product, create_product
from .promoted import publish_prices, replace_prices, withdraw_prices
from .repricing import apply_prices
from .variants import archive_variant, change_variant, create_variant, note_prices

__all__ = [
    "MAX_IMAGES",
    "add_image",
    "apply_prices",
    "archive_product",
    "archive_variant",
    "change_brand",
    "change_category",
    "change_image",
    "change_product",
    "change_variant",
    "create_brand",
    "create_category",
    "create_product",
    "create_variant",
    "delete_brand",
    "delete_category",
    "delete_image",
    "note_prices",
    "publish_prices",
    "replace_prices",
    "withdraw_prices",
]
