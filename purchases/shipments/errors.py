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
