"""The e-mail of a message: plain text in the recipient's language."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from notifications.inbox.models import Message
from notifications.inbox.rendering import render
from users import facade as users


def mail_for(message: Message, person: users.Contact) -> EmailMessage:
    """The mail. Its Message-ID is the same on every try, so that mail programs show a repeated one once."""
    text = render(message, person.language)
    with translation.override(person.language):
        body = render_to_string("notifications/mail/message.txt", {"name": person.name, "body": text.body})
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return EmailMessage(
        # A line break in a title must not become a header.
        subject=" ".join(text.title.split()),
        body=body,
        to=[person.email],
        headers={
            "Message-ID": f"<notification.{message.pk}.{person.user_id.hex}@{domain}>",
            "Auto-Submitted": "auto-generated",
        },
    )
