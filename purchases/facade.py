"""What other contexts may ask of purchases."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from uuid import UUID

from marketplace.core.clock import platform_day

from .autobuy.cards import auto_purchase_card, auto_purchases_between
from .contracts import ImportedOrder, OrderCard
from .flash_sales import services as flash_sales
from .orders import importing
from .orders.kpis import kpis
from .orders.selectors import call_off_card, order_card, return_card, returns_waiting, sales_by_day
from .previews.selectors import preview_campaign
from .sales_days.measuring import measure_campaigns, measure_flash_promos
from .sales_days.selectors import (
    benefits_by_kind,
    best_benefits,
    best_stores,
    best_variants,
    daily_sums,
    days_behind,
    sold_in_other_currencies,
    source_sums,
)
from .sales_days.services import add_up_all
from .sales_days.services import touch_days as touch_sales_days
from .shipments.bulk import add_rates
from .shipments.selectors import shipment_card

__all__ = [
    "add_rates",  # a shipping rate of many stores, where they have none of that name
    "add_up_sales",  # add up every day of sales that is behind, now; how many
    "auto_purchase_card",  # an automatic purchase, for a message about it; NotFoundError
    "auto_purchases_between",  # what was bought by itself for many customers in a time; one query
    "benefits_by_kind",  # what each kind of promotion took off in some days; one query
    "best_benefits",  # the promotions that took off most in some days; one query
    "best_stores",  # the stores that sold most in some days; one query
    "best_variants",  # the variants that sold most in some days; one query
    "buy_reserved_unit",  # pay a held unit from the wallet, once; InsufficientFundsError, ReservationLapsedError
    "call_off_card",  # what of an order will not be sent, why and what goes back, for a message about it
    "daily_sums",  # what was sold on each of some days, in one currency; one query
    "days_behind",  # how many days of sales wait to be added up; one query
    "import_orders",  # take over another system's order history; how many were new
    "kpis",  # figures for the dashboard
    "measure_campaigns",  # campaigns of some days beside the same goods before them
    "measure_flash_promos",  # flash promotions likewise; four queries
    "order_card",  # an order's number, total and first line, for a message about it
    "preview_campaign",  # what a campaign would have cost on the orders of the last days; CampaignNotFoundError
    "return_card",  # a return's order, answer, refund and stores, for a message about it
    "returns_waiting",  # how many returns wait for an answer
    "sales_by_day",  # paid orders and revenue per platform day
    "shipment_card",  # a parcel's order, carrier and tracking, for a message about it
    "sold_in_other_currencies",  # in which other currencies something was sold in some days; one query
    "source_sums",  # what was sold in some days, by the door it came through; one query
    "touch_sales_days",  # these platform days are to be added up anew
]


def buy_reserved_unit(*, reservation_id: UUID, customer_id: UUID, at: datetime) -> OrderCard:
    """The paid order that the reserved unit became: now, or before. Raises as the service of that name."""
    order = flash_sales.buy_reserved_unit(reservation_id=reservation_id, customer_id=customer_id, at=at)
    return order_card(order.pk)


def add_up_sales() -> int:
    """Days of sales that are behind, added up now; how many."""
    return add_up_all()


def import_orders(orders: Iterable[ImportedOrder]) -> int:
    """Take over another system's order history; how many were new. Their days wait to be added up."""
    days: set[date] = set()

    def seen() -> Iterator[ImportedOrder]:
        for order in orders:
            days.add(platform_day(order.placed_at))
            yield order

    try:
        return importing.import_orders(seen())
    finally:  # chunks that were written stay when a later one fails
        touch_sales_days(days=days)
