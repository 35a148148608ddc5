"""Django looks for admin pages here; they live in the slices."""

from .autobuy import admin as _autobuy
from .carts import admin as _carts
from .desk import admin as _desk
from .invoices import admin as _invoices
from .orders import admin as _orders
from .sales_days import admin as _sales_days
from .shipments import admin as _shipments

__all__ = ["_autobuy", "_carts", "_desk", "_invoices", "_orders", "_sales_days", "_shipments"]
