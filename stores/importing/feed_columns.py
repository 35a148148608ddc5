"""Product feeds in the Google Merchant attribute names, and how they meet the catalogue's columns.

`id` and `item_group_id` begin with the store's slug, because SKUs and slugs are unique inside a store only. Three
attributes are our own, for what the standard has no name: Google passes over them.
"""

from typing import Final

G: Final = "http://base.google.com/ns/1.0"
C: Final = "http://base.google.com/cns/1.0"
"""Google's namespace for attributes of one's own."""

ATTRIBUTES: Final = (
    "id",
    "title",
    "description",
    "link",
    "image_link",
    "availability",
    "price",
    "sale_price",
    "brand",
    "gtin",
    "mpn",
    "condition",
    "item_group_id",
    "product_type",
    "color",
    "size",
)
OWN_ATTRIBUTES: Final = ("category_slug", "brand_slug", "options")
FEED_COLUMNS: Final = (*ATTRIBUTES, *OWN_ATTRIBUTES)
REQUIRED_ATTRIBUTES: Final = ("id", "title", "price")
OPTION_ATTRIBUTES: Final = ("color", "size", "material", "pattern", "age_group", "gender")
"""Of a stranger's feed these become options."""
SEPARATOR: Final = ":"
