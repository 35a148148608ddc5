"""Refusals of the devices."""

from typing import ClassVar

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class DeviceNotFoundError(DomainError):
    """No such device, or it is somebody else's."""

    code: ClassVar[str] = "not_found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND
    message: ClassVar[str] = gettext_noop("Not found.")


class BadTokenError(DomainError):
    """What was given cannot be a token of that platform, or a number."""

    code: ClassVar[str] = "bad_device_token"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("That is no token of this platform. Numbers are written as +525512345678.")


class TooManyDevicesError(DomainError):
    """A limit against tables full of junk."""

    code: ClassVar[str] = "too_many_devices"
    message: ClassVar[str] = gettext_noop("You have %(limit)s devices already. Remove one first.")


class TooManyCodesError(DomainError):
    """Nobody's telephone rings all day because somebody types its number."""

    code: ClassVar[str] = "too_many_codes"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
    message: ClassVar[str] = gettext_noop("Too many codes were sent to this number. Please try again later.")


class TooManyNumbersError(DomainError):
    """From one network, whoever signs in there: each number costs a text message."""

    code: ClassVar[str] = "too_many_numbers"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
    message: ClassVar[str] = gettext_noop("Too many numbers were registered from here. Please try again later.")


class TooManyTextsError(DomainError):
    """A day's text messages are used up."""

    code: ClassVar[str] = "too_many_texts"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
    message: ClassVar[str] = gettext_noop("You were sent too many text messages today. Please try again tomorrow.")


class WrongNumberCodeError(DomainError):
    """Not the code that was sent, or too late."""

    code: ClassVar[str] = "wrong_number_code"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("That is not the code we sent, or it is too old.")


class TooManyTriesError(DomainError):
    """The code is used up; a new one can be asked for."""

    code: ClassVar[str] = "too_many_tries"
    kind: ClassVar[ErrorKind] = ErrorKind.TOO_MANY
    message: ClassVar[str] = gettext_noop("The code was tried too often. Register the number again for a new one.")
