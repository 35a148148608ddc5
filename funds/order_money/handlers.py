"""Orders that wait for a deposit go on when it is there, or will not come."""

from funds.events import DepositCancelled, DepositRejected, OrderDepositCredited
from marketplace.core.outbox.handlers import handles

from .services.payments import fail_order_payment, finish_order_payment


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
