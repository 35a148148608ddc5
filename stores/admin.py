"""Admin pages of the context: Django looks for them here."""

from .catalog.admin import BrandAdmin, CategoryAdmin
from .importing.admin import ExportingProductAdmin, ImportRowAdmin, ImportRunAdmin
from .inventory.admin import StockItemAdmin
from .merchants.admin import StoreAdmin

__all__ = [
    "BrandAdmin",
    "CategoryAdmin",
    "ExportingProductAdmin",
    "ImportRowAdmin",
    "ImportRunAdmin",
    "StockItemAdmin",
    "StoreAdmin",
]
