"""Admin pages of the context: Django looks for them here."""

from .catalog.admin import BrandAdmin, CategoryAdmin, ProductAdmin, VariantAdmin
from .inventory.admin import StockItemAdmin
from .merchants.admin import StoreAdmin

__all__ = ["BrandAdmin", "CategoryAdmin", "ProductAdmin", "StockItemAdmin", "StoreAdmin", "VariantAdmin"]
