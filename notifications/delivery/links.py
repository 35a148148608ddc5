"""The links at the foot of a mail: who may switch off what, signed, good for as long as the mail is kept."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from .errors import BadMailLinkError

_SALT = "notifications.unsubscribe"


@dataclass(frozen=True, slots=True)
class MailLink:
    """Whose mail, and of which kind; None: of a digest, which has many."""

    customer_id: UUID
    kind: str | None


def unsubscribe_url(customer_id: UUID, kind: str | None) -> str:
    """Where the page is; whoever has the link may switch that mail off, and nothing else."""
    token = signing.dumps([customer_id.hex, kind], salt=_SALT, compress=True)
    return f"{settings.PUBLIC_URL}{reverse('notification-unsubscribe')}?{urlencode({'token': token})}"


def read_token(token: str) -> MailLink:
    """Raises `BadMailLinkError`."""
    try:
        customer, kind = signing.loads(token, salt=_SALT)
        return MailLink(UUID(hex=customer), kind)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        raise BadMailLinkError from None
