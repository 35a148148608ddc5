"""Sending a mail. What a mail server answers quotes addresses: it reaches neither logs nor tables."""

from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend


class MailNotSentError(Exception):
    """The server did not take it now. Says the kind of answer, never its words."""


class RecipientRefusedError(MailNotSentError):
    """This address will not take it, today or later."""


def send_one(message: EmailMessage, mailer: BaseEmailBackend | None = None) -> None:
    """Send a mail to its one recipient. Raises `RecipientRefusedError`, `MailNotSentError`; `OSError`: no server."""
    try:
        (mailer or get_connection()).send_messages([message])
    except SMTPRecipientsRefused:
        raise RecipientRefusedError from None
    except SMTPResponseException as error:
        raise MailNotSentError(f"{type(error).__name__} {error.smtp_code}") from None
    except (SMTPException, ValueError) as error:
        # A ValueError is Django's, about an address that no header can hold.
        raise MailNotSentError(type(error).__name__) from None
