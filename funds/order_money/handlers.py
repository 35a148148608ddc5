"""Orders that wait for a deposit go on when it is there, or will not come; refunds go back where money came from."""

from funds.events import DepositCancelled, DepositRejected, OrderDepositCredited, OrderRefunded
from marketplace.core.outbox.handlers import handles

from .services.payments import fail_order_payment, finish_order_payment
from .services.returning import return_to_source


@handles(OrderDepositCredited, queue="payments")
def finish_order_payment_on_order_deposit_credited(event: OrderDepositCredited) -> None:
    """Pay the order that the deposit was made for."""
    finish_order_payment(deposit_id=event.deposit_id)


@handles(DepositRejected, queue="payments")
def fail_order_payment_on_deposit_rejected(event: DepositRejected) -> None:
    """Free the wallet's part of the order's payment."""
    fail_order_payment(deposit_id=event.deposit_id)


@handles(DepositCancelled, queue="payments")
def fail_order_payment_on_deposit_cancelled(event: DepositCancelled) -> None:
    """The same when the customer called the deposit off."""
    fail_order_payment(deposit_id=event.deposit_id)


@handles(OrderRefunded, queue="payments")
def return_to_source_on_order_refunded(event: OrderRefunded) -> None:
    """What a provider brought goes back through it."""
    return_to_source(order_id=event.order_id, amount=event.amount, reason=f"order:{event.order_id}")
