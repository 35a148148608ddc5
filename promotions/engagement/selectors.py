"""Reads of the slice: the policy in force, and the sums that others show and compute with."""

from datetime import date
from typing import Any

from django.apps import apps

from promotions.contracts import DayFunnelRow

from .models import DayFunnel, EngagementPolicy, EventKind


def policy_in_force() -> EngagementPolicy:
    """The newest policy; the defaults where nobody has set one. One query."""
    return EngagementPolicy.objects.order_by("-pk").first() or EngagementPolicy()


def weights(policy: EngagementPolicy) -> dict[int, float]:
    """What one event of each kind adds to its product's popularity. Being on the screen adds nothing."""
    return {
        EventKind.IMPRESSION: 0.0,
        EventKind.VIEW: policy.weight_view,
        EventKind.CLICK: policy.weight_click,
        EventKind.ADD_TO_CART: policy.weight_cart,
        EventKind.PURCHASE: policy.weight_purchase,
    }


def funnel(first: date, last: date) -> list[DayFunnelRow]:
    """The platform days from `first` to `last`, both included, that have events; oldest first. One query."""
    rows = DayFunnel.objects.filter(day__gte=first, day__lte=last).order_by("day")
    return [DayFunnelRow(**row) for row in rows.values(*DayFunnelRow.__slots__)]


def product_table() -> str:
    """The catalogue's table of products, for statements that ask a product's category."""
    return apps.get_model("stores", "Product")._meta.db_table


def categories_of(product_ids: set[Any]) -> dict[Any, Any]:
    """The category of each product that there is; one query."""
    rows = apps.get_model("stores", "Product")._default_manager.filter(pk__in=product_ids)
    return dict(rows.values_list("pk", "category_id"))
