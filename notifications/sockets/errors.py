"""Refusals of the sockets slice."""

from typing import ClassVar

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class SignedOutError(DomainError):
    """The account was disabled, or logged out everywhere, after the socket was opened."""

    code: ClassVar[str] = "signed_out"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN
    message: ClassVar[str] = gettext_noop("You are signed out.")
