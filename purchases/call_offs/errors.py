"""Refusals of the call-offs slice."""

from marketplace.core.errors import DomainError, gettext_noop


class CallOffRefusedError(DomainError):
    """The order is not paid yet, or is over: nothing of it waits to be sent."""

    code = "call_off_refused"
    message = gettext_noop("Of an order that is %(state)s nothing can be called off.")


class NothingToCallOffError(DomainError):
    """Every unit is in a parcel, or was called off before."""

    code = "nothing_to_call_off"
    message = gettext_noop("Everything is in parcels already, or was called off.")


class TooManyCalledOffError(DomainError):
    """More units than are in no parcel."""

    code = "too_many_called_off"
    message = gettext_noop("%(left)s of %(sku)s are in no parcel and can be called off.")
