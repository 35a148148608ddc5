"""E-mail, by whatever EMAIL_URL or EMAIL_PROVIDER names."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from marketplace.core.mailing import (
    MailNotSentError,
    MailServerOutError,
    RecipientRefusedError,
    TooManyMailsError,
    send_one,
)
from marketplace.core.observability.logs import hashed
from notifications.inbox.models import Message

from .mail import mail_for
from .values import ChannelOutError, Outcome, Recipient, Result

logger = logging.getLogger(__name__)


class MailCarrier:
    """One connection for the time of a batch."""

    def __init__(self) -> None:
        self._mailer: BaseEmailBackend | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Raises `ChannelOutError` where no server answers."""
        mailer = get_connection()
        try:
            mailer.open()
            self._mailer = mailer
            yield
        except OSError as error:
            raise ChannelOutError(f"{type(error).__name__}: {error}") from error
        finally:
            self._mailer = None
            mailer.close()

    def send(self, message: Message, recipients: Sequence[Recipient]) -> Iterator[Outcome]:
        """One mail each. An address that refuses it keeps nobody waiting."""
        for recipient in recipients:
            try:
                self.send_mail(mail_for(message, recipient.contact))
            except RecipientRefusedError as error:
                logger.warning("recipient refused", extra={"user": hashed(str(recipient.customer))})
                yield Outcome(recipient, Result.REFUSED, type(error).__name__)
            except TooManyMailsError as error:
                yield Outcome(recipient, Result.THROTTLED, str(error))
            except MailNotSentError as error:
                yield Outcome(recipient, Result.FAILED, str(error))
            else:
                yield Outcome(recipient, Result.SENT)

    def send_mail(self, mail: EmailMessage) -> None:
        """Raises what `send_one` raises, and `ChannelOutError` when it is not this mail's fault."""
        try:
            send_one(mail, self._mailer)
        except MailServerOutError as error:
            raise ChannelOutError(str(error)) from error
        except OSError as error:
            raise ChannelOutError(f"{type(error).__name__}: {error}") from error
