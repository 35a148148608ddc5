"""Refusals of the orders slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class OrderNotFoundError(NotFoundError):
    """No such order, or it is somebody else's."""

    code = "order_not_found"
    message = gettext_noop("No such order.")


class TransitionRefusedError(DomainError):
    """The order's state does not allow this step."""

    code = "order_transition_refused"
    message = gettext_noop("An order that is %(from_state)s cannot become %(to_state)s.")


class OrderNotCancellableError(DomainError):
    """It is too late to call the order off."""

    code = "order_not_cancellable"
    message = gettext_noop("An order that is %(state)s cannot be cancelled.")


class OrderSentInPartError(DomainError):
    """Some of it is with the carrier or the customer: it cannot be called off as a whole."""

    code = "order_sent_in_part"
    message = gettext_noop("Part of the order is on its way already; it cannot be cancelled.")


class ReservedUnitsStayError(DomainError):
    """Units of a flash promotion were others' to have: its buyer does not give them back at will."""

    code = "reserved_units_stay"
    message = gettext_noop("Units of a flash promotion are not given back by a click. Please ask the shop.")


class OrderUnderWayError(DomainError):
    """The person has an order that is not over: goods or money are still on their way."""

    code = "order_under_way"
    message = gettext_noop("An order of yours is still under way. Cancel it, or wait until it is over.")


class NotReturnableError(DomainError):
    """Nothing of the order can come back, not yet or not any more."""

    code = "order_not_returnable"
    message = gettext_noop("An order that is %(state)s, or was delivered too long ago, cannot be returned.")


class TooManyReturnedError(DomainError):
    """More units than the customer still has."""

    code = "too_many_returned"
    message = gettext_noop("%(left)s of %(sku)s can be returned.")


class ReturnNotFoundError(NotFoundError):
    """No such return."""

    code = "return_not_found"
    message = gettext_noop("No such return.")


class ReturnStateError(DomainError):
    """The return's state does not allow this step."""

    code = "return_state"
    message = gettext_noop("The return is %(state)s already.")


class CallOffNotFoundError(NotFoundError):
    """Nothing of the kind was called off."""

    code = "call_off_not_found"
    message = gettext_noop("Nothing of the kind was called off.")
