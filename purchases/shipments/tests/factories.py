"""Shipping rates for tests, here and in other contexts."""

import factory
from factory.django import DjangoModelFactory

from purchases.shipments.models import ShippingRate
from stores.merchants.tests.factories import StoreFactory


class ShippingRateFactory(DjangoModelFactory):
    """99.00 in the store's currency, whatever the goods come to."""

    class Meta:
        model = ShippingRate

    store = factory.SubFactory(StoreFactory)
    name = factory.Sequence(lambda n: f"Paquetería {n}")
    price_minor = 9_900
    currency = factory.SelfAttribute("store.currency")
