"""Admin pages of the context: Django looks for them here."""

from .catalog.admin import BrandAdmin, CategoryAdmin, ProductAdmin, VariantAdmin
from .inventory.admin import StockItemAdmin, StockReconciliationAdmin
from .merchants.admin import StoreAdmin
from .procurement.admin import GoodsReceiptAdmin, PurchaseOrderAdmin, ReplenishmentSuggestionAdmin, SupplierAdmin
from .questions.admin import QuestionAdmin

__all__ = [
    "BrandAdmin",
    "CategoryAdmin",
    "GoodsReceiptAdmin",
    "ProductAdmin",
    "PurchaseOrderAdmin",
    "QuestionAdmin",
    "ReplenishmentSuggestionAdmin",
    "StockItemAdmin",
    "StockReconciliationAdmin",
    "StoreAdmin",
    "SupplierAdmin",
    "VariantAdmin",
]
