"""Addresses of the rows behind figures: lists of the admin, filtered. No page behind it: no link."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from marketplace.core.clock import day_begins

from .values import Period

SOLD_STATES = "paid,packed,shipped,delivered,closed,partly_returned,returned"


def page(name: str, *args: Any, **query: Any) -> str:
    """A page of the admin by its route, with a query."""
    try:
        address = reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode(query)}" if query else address


def orders(period: Period, **query: Any) -> str:
    """The orders that count as sold in the period."""
    begins, ends = day_begins(period.first), day_begins(period.last + timedelta(days=1))
    moments = {"placed_at__gte": begins.isoformat(), "placed_at__lt": ends.isoformat()}
    return page("purchases_order_changelist", **moments, state__in=SOLD_STATES, **query)


def days(name: str, period: Period, **query: Any) -> str:
    """Rows of sums by day."""
    return page(f"{name}_changelist", day__gte=period.first, day__lte=period.last, **query)
