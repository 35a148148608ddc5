"""Refusals of the product links slice."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class LinkNotFoundError(NotFoundError):
    """No such link, or it is not the caller's."""


class PageNotFoundError(NotFoundError):
    """No such page."""


class TooManyLinksError(DomainError):
    """The customer has as many links as one person may have."""

    code = "too_many_links"
    message = gettext_noop("You have %(limit)s links already. Remove some of them first.")


class JustReadError(DomainError):
    """The page was read a moment ago, for whomever."""

    code = "just_read"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("This page was read a moment ago. Please ask again later.")
