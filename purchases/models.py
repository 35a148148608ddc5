"""Models of the context, re-exported: Django looks for them here."""

from .orders.models import Order, OrderEvent, OrderLine, OrderPart

__all__ = ["Order", "OrderEvent", "OrderLine", "OrderPart"]
