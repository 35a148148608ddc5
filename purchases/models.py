"""Models of the context, re-exported: Django looks for them here."""

from .autobuy.models import AutoPurchase, Plan, PurchaseTicket, Run, Schedule
from .carts.models import Cart, CartLine
from .invoices.models import Invoice, InvoiceSeries
from .listed_prices.models import DuePrice, KnownRule
from .orders.models import CallOff, CallOffLine, Order, OrderEvent, OrderLine, OrderPart, OrderReturn, ReturnLine
from .sales_days.models import DailyBenefit, DailySales, DailyVariantSales, StaleSalesDay
from .shipments.models import Shipment, ShipmentEvent, ShipmentLine, ShippingRate

__all__ = [
    "AutoPurchase",
    "CallOff",
    "CallOffLine",
    "Cart",
    "CartLine",
    "DailyBenefit",
    "DailySales",
    "DailyVariantSales",
    "DuePrice",
    "Invoice",
    "InvoiceSeries",
    "KnownRule",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderPart",
    "OrderReturn",
    "Plan",
    "PurchaseTicket",
    "ReturnLine",
    "Run",
    "Schedule",
    "Shipment",
    "ShipmentEvent",
    "ShipmentLine",
    "ShippingRate",
    "StaleSalesDay",
]
