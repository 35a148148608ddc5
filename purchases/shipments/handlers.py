"""What follows for parcels from events about orders."""

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderCancelled

from . import services


@handles(OrderCancelled, queue="holds")
def unpack_shipments_on_order_cancelled(event: OrderCancelled) -> None:
    """What was packed of it is taken apart."""
    services.cancel_shipments(order_id=event.order_id, at=timezone.now())
