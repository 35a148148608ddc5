"""Refusals of orders' money."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class OrderNotPaidError(DomainError):
    """The books know no payment of this order, or less than its parts come to."""

    code = "order_not_paid"
    message = gettext_noop("This order was not paid, or not with that much.")


class RefundExceedsPaidError(DomainError):
    """More was to go back than was paid and has not gone back yet."""

    code = "refund_exceeds_paid"
    message = gettext_noop("Only %(left)s %(currency)s of this order can still be refunded.")


class OrderPaymentExistsError(DomainError):
    """The order is paid, or another payment of it is under way."""

    code = "order_payment_exists"
    message = gettext_noop("This order is paid already, or another payment of it is under way.")


class UnknownOrderPaymentError(NotFoundError):
    """No such payment, or somebody else's."""


class OrderPaymentNotCancellableError(DomainError):
    """The payment is over."""

    code = "order_payment_not_cancellable"
    message = gettext_noop("The payment can no longer be cancelled (%(state)s).")
