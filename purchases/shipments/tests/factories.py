"""Shipments and shipping rates for tests, here and in other contexts."""

from datetime import datetime
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from purchases.models import Order
from purchases.shipments.models import ShippingRate
from purchases.shipments.services import deliver_order, pack_order, ship_order
from stores.merchants.tests.factories import StoreFactory


class ShippingRateFactory(DjangoModelFactory):
    """99.00 in the store's currency, whatever the goods come to."""

    class Meta:
        model = ShippingRate

    store = factory.SubFactory(StoreFactory)
    name = factory.Sequence(lambda n: f"Paquetería {n}")
    price_minor = 9_900
    currency = factory.SelfAttribute("store.currency")


QUICK_STEPS: Any = {"packed": pack_order, "shipped": ship_order, "delivered": deliver_order}


def take_to(order: Order, *states: str, at: datetime | None = None) -> None:
    """All of the order is packed, then shipped, then delivered: those of the steps that are named."""
    for state in states:
        QUICK_STEPS[state](order_id=order.pk, actor_id=None, at=at or timezone.now())
