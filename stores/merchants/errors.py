"""Refusals of the merchants slice."""

from marketplace.core.errors import DomainError, gettext_noop


class AlreadyMemberError(DomainError):
    """The person is a member of the store already."""

    code = "already_member"
    message = gettext_noop("This person is a member of the store already.")


class LastOwnerError(DomainError):
    """A store that has owners keeps one."""

    code = "last_owner"
    message = gettext_noop("This is the last owner of the store. Make somebody else an owner first.")


class StoreCurrencyFixedError(DomainError):
    """A store with products keeps its currency."""

    code = "store_currency_fixed"
    message = gettext_noop("A store that has products keeps its currency, %(currency)s.")
