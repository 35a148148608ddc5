"""What is invoiced, and what is credited."""

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderCancelled, OrderPaid, OrderPartCalledOff, OrderReturned

from . import services


@handles(OrderPaid)
def wish_invoices_on_order_paid(event: OrderPaid) -> None:
    """Each store invoices its part."""
    services.wish_invoices(order_id=event.order_id)


@handles(OrderCancelled)
def wish_credit_on_order_cancelled(event: OrderCancelled) -> None:
    """What was invoiced is credited; an order that nobody had told to be paid was never invoiced."""
    if event.was_sold and event.was_paid:
        services.wish_credit_for_order(order_id=event.order_id)


@handles(OrderReturned)
def wish_credit_on_order_returned(event: OrderReturned) -> None:
    """What went back is credited."""
    services.wish_credit_for_return(return_id=event.return_id)


@handles(OrderPartCalledOff)
def wish_credit_on_order_part_called_off(event: OrderPartCalledOff) -> None:
    """What will not be sent is credited."""
    services.wish_credit_for_call_off(call_off_id=event.call_off_id)
