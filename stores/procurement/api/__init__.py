"""HTTP of procurement, by resource."""

from .orders import PurchaseOrderViewSet
from .prices import SupplierPriceViewSet
from .replenishment import ReplenishmentViewSet
from .suppliers import SupplierViewSet

__all__ = ["PurchaseOrderViewSet", "ReplenishmentViewSet", "SupplierPriceViewSet", "SupplierViewSet"]
