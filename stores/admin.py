"""Admin pages of the context: Django looks for them here."""

from .catalog.admin import BrandAdmin, CategoryAdmin, VariantAdmin
from .importing.admin import ExportingProductAdmin, ImportRowAdmin, ImportRunAdmin
from .inventory.admin import StockItemAdmin, StockReconciliationAdmin
from .merchants.admin import StoreAdmin
from .procurement.admin import GoodsReceiptAdmin, PurchaseOrderAdmin, ReplenishmentSuggestionAdmin, SupplierAdmin
from .questions.admin import QuestionAdmin

__all__ = [
    "BrandAdmin",
    "CategoryAdmin",
    "ExportingProductAdmin",
    "GoodsReceiptAdmin",
    "ImportRowAdmin",
    "ImportRunAdmin",
    "PurchaseOrderAdmin",
    "QuestionAdmin",
    "ReplenishmentSuggestionAdmin",
    "StockItemAdmin",
    "StockReconciliationAdmin",
    "StoreAdmin",
    "SupplierAdmin",
    "VariantAdmin",
]
