"""Refusals of the address book."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class AddressNotFoundError(NotFoundError):
    """No such address, or it is somebody else's."""

    code = "address_not_found"
    message = gettext_noop("There is no such address.")


class TooManyAddressesError(DomainError):
    """More addresses than a person keeps apart."""

    code = "too_many_addresses"
    message = gettext_noop("You have %(limit)s addresses, which is as many as there can be.")


class DefaultAddressNeededError(DomainError):
    """While there are addresses, one is the default."""

    code = "default_address_needed"
    message = gettext_noop("Make another address the default instead.")
