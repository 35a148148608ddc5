"""What follows from events about orders."""

from django.utils import timezone

from funds.events import OrderDepositCredited, OrderPaymentSucceeded
from marketplace.core.outbox.handlers import handles
from purchases.events import OrderCancelled, OrderDelivered, OrderExpired, OrderReturned, ReservedUnitMissed
from users import facade as users

from . import services


@handles(OrderDelivered)
def count_success_on_order_delivered(event: OrderDelivered) -> None:
    """A delivered order counts towards the customer's tier; users keep the projection."""
    users.record_order_outcome(customer_id=event.customer_id, at=event.delivered_at, change=1)


@handles(OrderReturned)
def discount_success_on_order_returned(event: OrderReturned) -> None:
    """An order that came back whole does not count any more."""
    if event.is_whole:
        users.record_order_outcome(customer_id=event.customer_id, at=event.returned_at, change=-1)


@handles(OrderPaymentSucceeded, queue="payments")
def mark_paid_on_order_payment_succeeded(event: OrderPaymentSucceeded) -> None:
    """The money an order waited for is here."""
    services.mark_paid(order_id=event.order_id, at=timezone.now())


@handles(ReservedUnitMissed, queue="payments")
def refund_order_on_reserved_unit_missed(event: ReservedUnitMissed) -> None:
    """Its money came when somebody else had the unit: it goes back."""
    services.mark_paid(order_id=event.order_id, at=timezone.now())


@handles(OrderDepositCredited, queue="payments")
def revive_order_on_late_deposit(event: OrderDepositCredited) -> None:
    """Money for an order that expired: sell it after all, or leave the money in the wallet."""
    services.revive_order(order_id=event.order_id, deposit_id=event.deposit_id, at=timezone.now())


@handles(OrderCancelled, queue="holds")
def give_goods_back_on_order_cancelled(event: OrderCancelled) -> None:
    """Its goods are for others again."""
    services.give_goods_back(order_id=event.order_id, was_sold=event.was_sold)


@handles(OrderExpired, queue="holds")
def give_goods_back_on_order_expired(event: OrderExpired) -> None:
    """What was set aside for it is for others again."""
    services.give_goods_back(order_id=event.order_id, was_sold=False)


@handles(OrderReturned, queue="holds")
def put_goods_away_on_order_returned(event: OrderReturned) -> None:
    """Good units go back on the shelf."""
    services.put_returned_goods_away(return_id=event.return_id)
