"""Refusals of the payments slice."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class UnknownProviderError(DomainError):
    """The provider does not exist here or is switched off."""

    code = "unknown_provider"
    kind = ErrorKind.INVALID
    message = gettext_noop("This payment provider is not available.")


class UnknownDepositError(NotFoundError):
    """No such deposit, or somebody else's."""


class DepositNotCancellableError(DomainError):
    """The provider may already have the money."""

    code = "deposit_not_cancellable"
    message = gettext_noop("The deposit can no longer be cancelled (%(state)s).")
