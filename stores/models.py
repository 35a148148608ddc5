"""Models of the context, re-exported: Django looks for them here."""

from .catalog.models import (
    Brand,
    Category,
    Listing,
    PriceChange,
    Product,
    ProductImage,
    PublicPrice,
    SearchWord,
    Variant,
)
from .importing.models import ImportRow, ImportRun
from .inventory.models import StockDrift, StockItem, StockMovement, StockReconciliation
from .merchants.models import Store, StoreMember
from .procurement.models import (
    GoodsReceipt,
    GoodsReceiptLine,
    PurchaseOrder,
    PurchaseOrderLine,
    ReplenishmentSuggestion,
    Supplier,
    SupplierPrice,
)
from .questions.models import Answer, Question

__all__ = [
    "Answer",
    "Brand",
    "Category",
    "GoodsReceipt",
    "GoodsReceiptLine",
    "ImportRow",
    "ImportRun",
    "Listing",
    "PriceChange",
    "Product",
    "ProductImage",
    "PublicPrice",
    "PurchaseOrder",
    "PurchaseOrderLine",
    "Question",
    "ReplenishmentSuggestion",
    "SearchWord",
    "StockDrift",
    "StockItem",
    "StockMovement",
    "StockReconciliation",
    "Store",
    "StoreMember",
    "Supplier",
    "SupplierPrice",
    "Variant",
]
