"""The e-mails: of one message, and of several in one; HTML and plain text, in the recipient's language."""

from collections.abc import Sequence
from datetime import datetime
from email.mime.image import MIMEImage
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import ngettext

from notifications.inbox.models import Message
from notifications.inbox.rendering import Text, render
from notifications.kinds.channels import Channel
from notifications.kinds.table import KINDS, WEEKLY_SUMMARY
from notifications.summaries.presenting import picture_of, shown_week
from users.contracts import Contact

from .links import unsubscribe_url

PICTURE = "week"
"""The Content-ID of a weekly summary's picture."""
LISTED = 40
"""A digest names no more than so many; the rest is in the inbox."""


def mail_for(message: Message, person: Contact) -> EmailMultiAlternatives:
    """The mail of one message. Its Message-ID is the same on every try, so that mail programs show a repeated one
    once."""
    kind = KINDS.get(message.kind)
    text = render(message, person.language)
    # What nobody can switch off offers nothing to switch off.
    is_required = kind is not None and kind.is_required_on(Channel.EMAIL)
    link = "" if is_required else unsubscribe_url(person.user_id, message.kind)
    context = {"text": text, "kind_name": kind.name if kind else "", "link": link}
    name = f"notification.{message.pk}"
    if message.kind == WEEKLY_SUMMARY:
        return _week(message, person, text.title, context, name)
    return _mail("message", person, text.title, context, name)


def _week(message: Message, person: Contact, title: str, context: dict[str, Any], name: str) -> EmailMultiAlternatives:
    """With its picture inside: programs that load nothing from elsewhere show it, too."""
    with translation.override(person.language):
        mail = _mail("week", person, title, context | shown_week(message.params) | {"picture": PICTURE}, name)
        picture = MIMEImage(picture_of(message.params), "png")
    picture.add_header("Content-ID", f"<{PICTURE}>")
    picture.add_header("Content-Disposition", "inline", filename="week.png")
    mail.mixed_subtype = "related"  # type: ignore[attr-defined]  # Django has it, its stubs do not
    mail.attach(picture)
    return mail


def digest_for(messages: Sequence[Message], person: Contact, at: datetime) -> EmailMultiAlternatives:
    """One mail about all of them, the newest first."""
    newest = sorted(messages, key=lambda message: message.pk, reverse=True)
    texts: list[Text] = [render(message, person.language) for message in newest[:LISTED]]
    with translation.override(person.language):
        count = len(messages)
        subject = ngettext("%(count)s notification for you", "%(count)s notifications for you", count)
        subject %= {"count": count}
    link = unsubscribe_url(person.user_id, None)
    context = {"title": subject, "texts": texts, "more": count - len(texts), "link": link}
    return _mail("digest", person, subject, context, f"digest.{at:%Y%m%d}")


def _mail(template: str, person: Contact, subject: str, context: dict[str, Any], name: str) -> EmailMultiAlternatives:
    shown = {**context, "name": person.name, "language": person.language, "site": settings.PUBLIC_URL}
    with translation.override(person.language):
        plain = render_to_string(f"notifications/mail/{template}.txt", shown)
        html = render_to_string(f"notifications/mail/{template}.html", shown)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    headers = {
        "Message-ID": f"<{name}.{person.user_id.hex}@{domain}>",
        "Auto-Submitted": "auto-generated",
    }
    if context["link"]:
        # RFC 8058: the mail program posts to it by itself, without a log-in.
        headers |= {"List-Unsubscribe": f"<{context['link']}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(
        # A line break in a title must not become a header.
        subject=" ".join(subject.split()),
        body=plain,
        to=[person.email],
        headers=headers,
    )
    mail.attach_alternative(html, "text/html")
    return mail
