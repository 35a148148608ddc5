"""Reading shipping rates: what sending costs."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Q, QuerySet

from marketplace.core import access
from marketplace.core.money import Money

from .errors import RateNotFoundError
from .models import ShippingRate

AREA = "catalog"
"""Whoever keeps a store's catalogue keeps its rates."""


def visible_rates(user: access.Person) -> QuerySet[ShippingRate]:
    """What anyone may choose, and all of the stores within reach, switched off or not."""
    where = access.reach(user, f"{AREA}:read")
    if where.everywhere:
        return ShippingRate.objects.all()
    return ShippingRate.objects.filter(Q(is_active=True) | Q(store__in=where.stores))


def editable_rates(user: access.Person) -> QuerySet[ShippingRate]:
    """Rates of the stores that the person keeps. A store has goods of many departments: their keys open none."""
    return access.within(ShippingRate.objects.all(), access.reach(user, f"{AREA}:write"), store_path="store")


def shipping_prices(
    goods_by_store: Mapping[UUID, Money], chosen: Mapping[UUID, UUID] | None = None
) -> dict[UUID, tuple[ShippingRate | None, Money]]:
    """What sending costs from each store, for goods of that amount, and by which rate. One query.

    By the rate that was `chosen` for the store, else by the one that costs least for these goods (of equals the first
    by name); a store without a rate in the goods' currency sends for nothing. Raises `RateNotFoundError` for a choice
    that the store does not offer.
    """
    choices = chosen or {}
    offered: dict[UUID, list[ShippingRate]] = {}
    for rate in ShippingRate.objects.filter(store__in=goods_by_store, is_active=True).order_by("name", "pk"):
        if rate.currency == goods_by_store[rate.store_id].currency:
            offered.setdefault(rate.store_id, []).append(rate)
    return {
        store_id: _price(offered.get(store_id, []), goods, choices.get(store_id))
        for store_id, goods in goods_by_store.items()
    }


def _price(rates: list[ShippingRate], goods: Money, wanted: UUID | None) -> tuple[ShippingRate | None, Money]:
    if wanted is not None:
        rates = [rate for rate in rates if rate.pk == wanted]
        if not rates:
            raise RateNotFoundError(rate=wanted)
    if not rates:
        return None, Money.zero(goods.currency)
    cheapest = min(rates, key=lambda rate: rate.price_for(goods).minor)
    return cheapest, cheapest.price_for(goods)
