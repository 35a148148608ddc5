"""Orders of two stores for tests, and calling off what they do not send."""

from typing import Any

from django.utils import timezone

from marketplace.core.outbox.relay import drain
from promotions.flash.tests.factories import make_variant
from purchases.call_offs.services import call_off_part
from purchases.checkout.tests.factories import bought
from purchases.models import CallOff, Order, OrderPart
from purchases.shipments.services import deliver_shipment, ship_shipment
from purchases.shipments.tests.factories import packed

REASON = "The shop closes."


def of_two_stores(customer: Any, *quantities: int) -> tuple[Order, OrderPart, OrderPart]:
    """A paid order of so many units in each of two stores, and its parts."""
    variants = [make_variant() for _ in quantities]
    order = bought(customer, *quantities, variants=variants)
    first, second = (order.parts.get(store=variant.store_id) for variant in variants)
    return order, first, second


def sent(part: OrderPart, quantity: int | None = None, *, is_there: bool = True) -> Any:
    """So many units of the part's one line are on their way, and there."""
    shipment = packed(part.order, quantity, part=part)
    ship_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())
    if is_there:
        deliver_shipment(shipment_id=shipment.pk, actor_id=None, at=timezone.now())
    return shipment


def call_off(part: OrderPart, quantity: int | None = None, *, fate: str = "restock", **by: Any) -> CallOff:
    """So many units of the part's one line, or all that is left; what follows has happened."""
    quantities = None if quantity is None else {part.lines.get().pk: quantity}
    called_off = call_off_part(
        part_id=part.pk,
        quantities=quantities,
        fate=fate,
        reason=REASON,
        actor_id=by.get("actor_id"),
        at=by.get("at") or timezone.now(),
    )
    drain()
    return called_off
