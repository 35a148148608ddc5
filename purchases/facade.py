"""What other contexts may ask of purchases."""

from .orders.importing import import_orders
from .orders.kpis import kpis
from .orders.selectors import order_card, sales_by_day
from .shipments.bulk import add_rates

__all__ = [
    "add_rates",  # a shipping rate of many stores, where they have none of that name
    "import_orders",  # take over another system's order history; how many were new
    "kpis",  # figures for the dashboard
    "order_card",  # an order's number, total and first line, for a message about it
    "sales_by_day",  # paid orders and revenue per platform day
]
