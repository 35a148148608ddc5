"""Refusals of the inbox."""

from typing import ClassVar

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class UnknownRecipientsError(DomainError):
    """Staff named people who are not here (any more)."""

    code: ClassVar[str] = "unknown_recipients"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("Some of the recipients do not exist.")
