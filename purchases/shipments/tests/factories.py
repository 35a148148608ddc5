"""Shipments and shipping rates for tests, here and in other contexts."""

from datetime import datetime
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from purchases.models import Order, OrderPart, Shipment
from purchases.shipments.models import ShippingRate
from purchases.shipments.services import deliver_order, pack_order, pack_part, ship_order
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


def parcel_of(order: Order, variant: Any) -> Shipment:
    """A packed parcel of one unit, of an order that the factory made without lines."""
    part = OrderPart.objects.create(order=order, store=variant.store, total_minor=10_000, commission_bp=0)
    line = part.lines.create(
        order=order,
        variant=variant,
        sku=variant.sku,
        name="Mango",
        quantity=1,
        list_price_minor=10_000,
        unit_price_minor=10_000,
        total_minor=10_000,
        tax_bp=0,
        tax_minor=0,
    )
    shipment = Shipment.objects.create(part=part)
    shipment.lines.create(line=line, quantity=1)
    return shipment


def packed(order: Order, quantity: int | None = None, *, part: OrderPart | None = None) -> Shipment:
    """A parcel of so many units of the part's one line, or of all that is left; of the order's one part."""
    part = part or order.parts.get()
    quantities = None if quantity is None else {part.lines.get().pk: quantity}
    return pack_part(part_id=part.pk, quantities=quantities, actor_id=None, at=timezone.now())
