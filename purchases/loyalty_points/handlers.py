"""When points are earned and taken back."""

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderDelivered, OrderReturned

from . import services


@handles(OrderDelivered)
def award_points_on_order_delivered(event: OrderDelivered) -> None:
    """Everything has arrived."""
    services.award_order(order_id=event.order_id, at=event.delivered_at)


@handles(OrderReturned)
def reverse_points_on_order_returned(event: OrderReturned) -> None:
    """What came back earns nothing."""
    services.follow_return(order_id=event.order_id, at=event.returned_at)
