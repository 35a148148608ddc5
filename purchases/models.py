"""Models of the context, re-exported: Django looks for them here."""

from .carts.models import Cart, CartLine
from .invoices.models import Invoice, InvoiceSeries
from .listed_prices.models import DuePrice, KnownRule
from .orders.models import CallOff, CallOffLine, Order, OrderEvent, OrderLine, OrderPart, OrderReturn, ReturnLine
from .shipments.models import Shipment, ShipmentEvent, ShipmentLine, ShippingRate

__all__ = [
    "CallOff",
    "CallOffLine",
    "Cart",
    "CartLine",
    "DuePrice",
    "Invoice",
    "InvoiceSeries",
    "KnownRule",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderPart",
    "OrderReturn",
    "ReturnLine",
    "Shipment",
    "ShipmentEvent",
    "ShipmentLine",
    "ShippingRate",
]
