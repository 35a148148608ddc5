"""Procurement in the back office."""

from .orders import PurchaseOrderAdmin
from .receipts import GoodsReceiptAdmin
from .replenishment import ReplenishmentSuggestionAdmin
from .suppliers import SupplierAdmin

__all__ = [
    "GoodsReceiptAdmin",
    "PurchaseOrderAdmin",
    "ReplenishmentSuggestionAdmin",
    "SupplierAdmin",
]
