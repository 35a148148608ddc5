"""Writes of procurement, by topic."""

from .orders import cancel_order, change_draft, draft_order, place_order
from .prices import remove_supplier_price, set_supplier_price
from .receipts import receive_goods
from .suggestions import order_suggestions, place_automatic_orders
from .suppliers import archive_supplier, change_supplier, create_supplier

__all__ = [
    "archive_supplier",
    "cancel_order",
    "change_draft",
    "change_supplier",
    "create_supplier",
    "draft_order",
    "order_suggestions",
    "place_automatic_orders",
    "place_order",
    "receive_goods",
    "remove_supplier_price",
    "set_supplier_price",
]
