"""What other contexts may ask of purchases."""

from datetime import datetime
from uuid import UUID

from .contracts import OrderCard
from .flash_sales import services as flash_sales
from .orders.importing import import_orders
from .orders.kpis import kpis
from .orders.selectors import call_off_card, order_card, return_card, returns_waiting, sales_by_day
from .previews.selectors import preview_campaign
from .shipments.bulk import add_rates
from .shipments.selectors import shipment_card

__all__ = [
    "add_rates",  # a shipping rate of many stores, where they have none of that name
    "buy_reserved_unit",  # pay a held unit from the wallet, once; InsufficientFundsError, ReservationLapsedError
    "call_off_card",  # what of an order will not be sent, why and what goes back, for a message about it
    "import_orders",  # take over another system's order history; how many were new
    "kpis",  # figures for the dashboard
    "order_card",  # an order's number, total and first line, for a message about it
    "preview_campaign",  # what a campaign would have cost on the orders of the last days; CampaignNotFoundError
    "return_card",  # a return's order, answer, refund and stores, for a message about it
    "returns_waiting",  # how many returns wait for an answer
    "sales_by_day",  # paid orders and revenue per platform day
    "shipment_card",  # a parcel's order, carrier and tracking, for a message about it
]


def buy_reserved_unit(*, reservation_id: UUID, customer_id: UUID, at: datetime) -> OrderCard:
    """The paid order that the reserved unit became: now, or before. Raises as the service of that name."""
    order = flash_sales.buy_reserved_unit(reservation_id=reservation_id, customer_id=customer_id, at=at)
    return order_card(order.pk)
