"""Models of the context, re-exported: Django looks for them here."""

from .catalog.models import Brand, Category, Product, Variant
from .inventory.models import StockItem, StockMovement
from .merchants.models import Store, StoreMember

__all__ = ["Brand", "Category", "Product", "StockItem", "StockMovement", "Store", "StoreMember", "Variant"]
