"""Django looks for admin pages here; they live in the slices."""

from .carts import admin as _carts
from .orders import admin as _orders
from .shipments import admin as _shipments

__all__ = ["_carts", "_orders", "_shipments"]

# An order's page knows nothing of parcels: the slice of orders is below theirs.
_orders.OrderAdmin.actions = [*(_orders.OrderAdmin.actions or []), *_shipments.orders.STEPS]
