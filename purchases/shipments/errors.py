"""Refusals of the shipments slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class RateNotFoundError(NotFoundError):
    """No such rate, or none that this store offers now."""

    code = "rate_not_found"
    message = gettext_noop("There is no such shipping rate.")


class RateNameTakenError(DomainError):
    """A store's rates are told apart by their names."""

    code = "rate_name_taken"
    message = gettext_noop("The store already has a rate called “%(name)s”.")


class TooManyRatesError(DomainError):
    """More rates than a customer chooses among."""

    code = "too_many_rates"
    message = gettext_noop("A store has at most %(limit)s shipping rates.")


class ShipmentNotFoundError(NotFoundError):
    """No such shipment, or none that this person may move."""

    code = "shipment_not_found"
    message = gettext_noop("No such shipment.")


class PartNotFoundError(NotFoundError):
    """No such part of an order, no such line in it, or none that this person may pack."""

    code = "order_part_not_found"
    message = gettext_noop("There is no such part of an order, or no such line in it.")


class ShipmentStateError(DomainError):
    """The shipment's state does not allow this step."""

    code = "shipment_state"
    message = gettext_noop("A shipment that is %(from_state)s cannot become %(to_state)s.")


class ShipmentIsOverError(DomainError):
    """Nothing is to be changed about a parcel that arrived, was lost or was taken apart."""

    code = "shipment_is_over"
    message = gettext_noop("The shipment is %(state)s: nothing about it changes any more.")


class TooManyPackedError(DomainError):
    """More units than are left to pack."""

    code = "too_many_packed"
    message = gettext_noop("%(left)s of %(sku)s are left to pack.")


class NothingToPackError(DomainError):
    """Every unit is in a parcel already."""

    code = "nothing_to_pack"
    message = gettext_noop("There is nothing left to pack.")
