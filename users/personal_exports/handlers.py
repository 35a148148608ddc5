"""What follows from the slice's own events: the copy is made, and its owner hears of it."""

from marketplace.core.outbox.handlers import handles
from users.accounts.mail import send_personal_export
from users.accounts.selectors import mail_recipient
from users.events import PersonalExportReady, PersonalExportRequested

from .services import make_export


@handles(PersonalExportRequested, queue="default", atomic=False)
def make_personal_export_on_request(event: PersonalExportRequested) -> None:
    """Read everything, in the background."""
    make_export(event.export_id)


@handles(PersonalExportReady, queue="notify")
def send_mail_on_personal_export_ready(event: PersonalExportReady) -> None:
    """That it is there, and for how long. The mail holds no link that opens it."""
    recipient = mail_recipient(event.user_id)
    if recipient is not None:
        send_personal_export(recipient)
