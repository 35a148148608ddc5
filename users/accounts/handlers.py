"""What follows from the slice's own events: the mails. The secret is made here, so that no event carries one."""

from uuid import UUID

from marketplace.core.outbox.handlers import handles
from users.events import AccountRegistered, PasswordResetRequested, RegistrationRepeated, VerificationRequested

from . import mail, selectors
from .models import MailToken
from .services.registration import issue_mail_token


@handles(AccountRegistered, queue="notify")
def send_verification_on_account_registered(event: AccountRegistered) -> None:
    """The first verification mail."""
    _send_verification(event.user_id)


@handles(VerificationRequested, queue="notify")
def send_verification_on_request(event: VerificationRequested) -> None:
    """Another verification mail."""
    _send_verification(event.user_id)


@handles(RegistrationRepeated, queue="notify")
def tell_owner_on_registration_repeated(event: RegistrationRepeated) -> None:
    """Verified: say that there is an account. Not verified: the link again."""
    recipient = selectors.mail_recipient(event.user_id)
    if recipient is not None and recipient.user.is_verified:
        mail.send_known_address(recipient)
    else:
        _send_verification(event.user_id)


@handles(PasswordResetRequested, queue="notify")
def send_reset_link_on_request(event: PasswordResetRequested) -> None:
    """The link to choose a new password."""
    recipient = selectors.mail_recipient(event.user_id)
    if recipient is not None:
        _send_link(recipient, MailToken.Purpose.RESET)


def _send_verification(user_id: UUID) -> None:
    recipient = selectors.mail_recipient(user_id)
    if recipient is not None and not recipient.user.is_verified:
        _send_link(recipient, MailToken.Purpose.VERIFY)


def _send_link(recipient: selectors.Recipient, purpose: MailToken.Purpose) -> None:
    secret = issue_mail_token(user_id=recipient.user.pk, purpose=purpose)
    if secret is not None:
        mail.send_link(recipient, kind=purpose.value, secret=secret)
