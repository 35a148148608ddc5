"""Shipping rates for demo data and importers."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from marketplace.core.money import Money

from .models import ShippingRate
from .services import add_rate


@transaction.atomic
def add_rates(store_ids: Iterable[UUID], *, name: str, price: Money, free_from: Money | None = None) -> int:
    """The same rate for each of the stores that has none of that name; how many were new.

    Raises what `add_rate` raises.
    """
    wanted = set(store_ids)
    there = set(ShippingRate.objects.filter(store__in=wanted, name=name).values_list("store", flat=True))
    for store_id in sorted(wanted - there):
        add_rate(store_id=store_id, name=name, price=price, free_from=free_from, actor_id=None)
    return len(wanted - there)
