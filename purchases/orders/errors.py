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
