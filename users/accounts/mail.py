"""The mails of the accounts slice, in the reader's language. Links end in the page that posts the secret."""

import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from marketplace.core.mailing import RecipientRefusedError, send_one
from marketplace.core.observability.logs import hashed

from .selectors import Recipient

logger = logging.getLogger(__name__)

SUBJECTS = {
    "verify": gettext_noop("Confirm your e-mail address"),
    "reset": gettext_noop("Choose a new password"),
    "known": gettext_noop("You already have an account"),
    "personal_export": gettext_noop("The copy of your data is ready"),
}


def send_link(recipient: Recipient, *, kind: str, secret: str) -> None:
    """Send a mail with a link that holds `token=<secret>`; `kind` is `verify` or `reset`."""
    route = {"verify": "mail-link-verify-email", "reset": "mail-link-confirm-password-reset"}[kind]
    link = f"{settings.PUBLIC_URL}{reverse(route)}?{urlencode({'token': secret})}"
    _send(recipient, kind, {"link": link, "minutes": settings.MAIL_TOKEN_MINUTES})


def send_known_address(recipient: Recipient) -> None:
    """Tell the owner that somebody tried to register the address again."""
    _send(recipient, "known", {})


def send_personal_export(recipient: Recipient) -> None:
    """Tell the owner that the copy of their data can be fetched."""
    _send(recipient, "personal_export", {"hours": settings.PERSONAL_EXPORT_HOURS})


def _send(recipient: Recipient, kind: str, context: dict[str, Any]) -> None:
    user = recipient.user
    with override(recipient.language):
        body = render_to_string(f"users/mail/{kind}.txt", {"name": user.name, "site": settings.PUBLIC_URL, **context})
        letter = EmailMessage(_(SUBJECTS[kind]), body, settings.DEFAULT_FROM_EMAIL, [user.email])
    try:
        send_one(letter)
    except RecipientRefusedError:
        # Trying again would change nothing; whoever typed the address can ask for another link.
        logger.warning("recipient refused", extra={"user": hashed(str(user.pk)), "kind": kind})
