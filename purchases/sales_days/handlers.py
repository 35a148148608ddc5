"""Whatever changes what an order brought marks its day."""

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderCancelled, OrderPaid, OrderPartCalledOff, OrderReturned

from . import services


@handles(OrderPaid)
def count_sale_on_order_paid(event: OrderPaid) -> None:
    """It is sold."""
    services.touch_order(order_id=event.order_id)


@handles(OrderCancelled)
def count_sale_on_order_cancelled(event: OrderCancelled) -> None:
    """It counts no more; one that was never sold did not count before."""
    if event.was_sold:
        services.touch_order(order_id=event.order_id)


@handles(OrderPartCalledOff)
def count_sale_on_order_part_called_off(event: OrderPartCalledOff) -> None:
    """Some of it went back."""
    services.touch_order(order_id=event.order_id)


@handles(OrderReturned)
def count_sale_on_order_returned(event: OrderReturned) -> None:
    """Some of it came back."""
    services.touch_order(order_id=event.order_id)
