"""Reads of the slice: the policy in force, and the sums that others show and compute with."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.apps import apps

from promotions.contracts import DayFunnelRow

from .models import DayFunnel, EngagementEvent, EngagementPolicy, EventKind

_AT_ONCE = 400


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


def slot_tables() -> tuple[str, str]:
    """Places of selections and the selections, for statements that ask what an exposure is of."""
    slot, slate = (apps.get_model("promotions", name) for name in ("Slot", "Slate"))
    return slot._meta.db_table, slate._meta.db_table


def truly_exposed(events: Sequence[EngagementEvent]) -> set[UUID]:
    """Ids of the events whose exposure is a place that shows this product, to everybody or to this very customer."""
    named = list({event.exposure_id for event in events if event.exposure_id is not None})
    places: dict[UUID, tuple[UUID, UUID | None]] = {}
    for start in range(0, len(named), _AT_ONCE):
        rows = apps.get_model("promotions", "Slot")._default_manager.filter(pk__in=named[start : start + _AT_ONCE])
        for pk, product_id, customer_id in rows.values_list("pk", "product_id", "slate__customer_id"):
            places[pk] = product_id, customer_id
    return {event.event_id for event in events if _is_of(places, event)}


def _is_of(places: dict[UUID, tuple[UUID, UUID | None]], event: EngagementEvent) -> bool:
    place = places.get(event.exposure_id) if event.exposure_id else None
    return place is not None and place[0] == event.product_id and place[1] in {None, event.customer_id}


def categories_of(product_ids: set[Any]) -> dict[Any, Any]:
    """The category of each product that there is; one query."""
    rows = apps.get_model("stores", "Product")._default_manager.filter(pk__in=product_ids)
    return dict(rows.values_list("pk", "category_id"))
