"""Refusals of the devices."""

from marketplace.core.errors import DomainError, ErrorKind, NotFoundError, gettext_noop


class DeviceNotFoundError(NotFoundError):
    """No such device, or it is somebody else's."""


class BadTokenError(DomainError):
    """What was given cannot be a token of that platform, or a number."""

    code = "bad_device_token"
    kind = ErrorKind.INVALID
    message = gettext_noop("That is no token of this platform. Numbers are written as +525512345678.")


class TooManyDevicesError(DomainError):
    """A limit against tables full of junk."""

    code = "too_many_devices"
    message = gettext_noop("You have %(limit)s devices already. Remove one first.")


class TooManyCodesError(DomainError):
    """Nobody's telephone rings all day because somebody types its number."""

    code = "too_many_codes"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("Too many codes were sent to this number. Please try again later.")


class TooManyNumbersError(DomainError):
    """From one network, whoever signs in there: each number costs a text message."""

    code = "too_many_numbers"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("Too many numbers were registered from here. Please try again later.")


class TooManyTextsError(DomainError):
    """A day's text messages are used up."""

    code = "too_many_texts"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("You were sent too many text messages today. Please try again tomorrow.")


class WrongNumberCodeError(DomainError):
    """Not the code that was sent, or too late."""

    code = "wrong_number_code"
    kind = ErrorKind.INVALID
    message = gettext_noop("That is not the code we sent, or it is too old.")


class TooManyTriesError(DomainError):
    """The code is used up; a new one can be asked for."""

    code = "too_many_tries"
    kind = ErrorKind.TOO_MANY
    message = gettext_noop("The code was tried too often. Register the number again for a new one.")
