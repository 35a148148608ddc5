"""What other contexts may ask of purchases."""

from .orders.importing import import_orders
from .orders.kpis import kpis
from .orders.selectors import order_card, returns_waiting, sales_by_day

__all__ = [
    "import_orders",  # take over another system's order history; how many were new
    "kpis",  # figures for the dashboard
    "order_card",  # an order's number, total and first line, for a message about it
    "returns_waiting",  # how many returns wait for an answer
    "sales_by_day",  # paid orders and revenue per platform day
]
