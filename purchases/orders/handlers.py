"""What follows from events about orders."""

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderDelivered
from users import facade as users


@handles(OrderDelivered)
def count_success_on_order_delivered(event: OrderDelivered) -> None:
    """A delivered order counts towards the customer's tier; users keep the projection."""
    users.record_order_outcome(customer_id=event.customer_id, at=event.delivered_at, change=1)
