"""Sending a mail. What a mail server answers quotes addresses: it reaches neither logs nor tables."""

from smtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPHeloError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPServerDisconnected,
)

from anymail.exceptions import AnymailError, AnymailRecipientsRefused
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from .observability.tracing import call

_OUT = (SMTPServerDisconnected, SMTPConnectError, SMTPAuthenticationError, SMTPHeloError)
_TOO_MANY = 429


class MailNotSentError(Exception):
    """The server did not take it now. Says the kind of answer, never its words."""


class RecipientRefusedError(MailNotSentError):
    """This address will not take it, today or later."""


class MailServerOutError(MailNotSentError):
    """The server takes nothing now, whoever it is for."""


class TooManyMailsError(MailNotSentError):
    """The server takes no more for the moment."""


def send_one(message: EmailMessage, mailer: BaseEmailBackend | None = None) -> None:
    """Send a mail to its one recipient. Raises `RecipientRefusedError`, `MailServerOutError`, `TooManyMailsError`,
    `MailNotSentError`; `OSError`: no server."""
    try:
        with call("send mail"):
            (mailer or get_connection()).send_messages([message])
    except (SMTPRecipientsRefused, AnymailRecipientsRefused):
        raise RecipientRefusedError from None
    except _OUT as error:
        raise MailServerOutError(type(error).__name__) from None
    except SMTPResponseException as error:
        raise MailNotSentError(f"{type(error).__name__} {error.smtp_code}") from None
    except AnymailError as error:
        raise _of_provider(error) from None
    except (SMTPException, ValueError) as error:
        # A ValueError is Django's, about an address that no header can hold.
        raise MailNotSentError(type(error).__name__) from None


def _of_provider(error: AnymailError) -> MailNotSentError:
    """What a provider's own API answered, or that it did not."""
    status = error.status_code
    words = f"{type(error).__name__} {status or ''}".strip()
    if status == _TOO_MANY:
        return TooManyMailsError(words)
    if status is None or status >= 500 or status in {401, 403}:
        return MailServerOutError(words)
    return MailNotSentError(words)
