"""Refusals of the delivery queue."""

from typing import ClassVar

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class DeliveryNotParkedError(DomainError):
    """Only a parked batch can be given another try."""

    code: ClassVar[str] = "delivery_not_parked"
    message: ClassVar[str] = gettext_noop("Only a parked delivery can be tried again.")


class NothingGivenUpError(DomainError):
    """Nobody of the batch was given up."""

    code: ClassVar[str] = "nothing_given_up"
    message: ClassVar[str] = gettext_noop("Nobody of this delivery was given up.")


class BadMailLinkError(DomainError):
    """The link of a mail was cut off, or is none of ours."""

    code: ClassVar[str] = "bad_mail_link"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("This link is not complete. Please open it from the e-mail again.")
