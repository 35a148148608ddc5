"""The context's pages in the back office, by slice: Django looks for them here."""

from .alerts import admin as alerts
from .gift_lists import admin as gift_lists
from .pots import admin as pots
from .product_links import admin as product_links

__all__ = ["alerts", "gift_lists", "pots", "product_links"]
