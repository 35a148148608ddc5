"""Admin pages of the context: Django looks for them here."""

from .catalog.admin import BrandAdmin, CategoryAdmin, ProductAdmin
from .inventory.admin import StockItemAdmin
from .merchants.admin import StoreAdmin
from .questions.admin import QuestionAdmin

__all__ = ["BrandAdmin", "CategoryAdmin", "ProductAdmin", "QuestionAdmin", "StockItemAdmin", "StoreAdmin"]
