"""Tickets, and what a client may do through its socket."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.retention import delete_in_batches
from notifications.inbox.cursors import InboxCursor
from notifications.inbox.models import InboxItem
from notifications.inbox.selectors import inbox_of
from notifications.inbox.services import mark_item
from users import facade as users

from .errors import SignedOutError
from .models import SocketTicket

PATH = "/ws/notifications/"
LIFETIME = timedelta(seconds=30)
MAX_TICKET_LENGTH = 64


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """What the client gets: the secret, until when and where it opens a socket, and where its inbox is now."""

    ticket: str
    expires_at: datetime
    cursor: InboxCursor
    path: str = PATH


@dataclass(frozen=True, slots=True)
class Holder:
    """Who came with a ticket: the account, the generation of its access tokens, the language of its profile."""

    customer_id: UUID
    generation: int
    language: str


def issue_ticket(*, customer_id: UUID, generation: int) -> IssuedTicket:
    """A secret that opens one socket within `LIFETIME` (30 s) by the database's clock; only its hash is kept.

    It is worth as much as the access token it was asked with: a log-out everywhere puts both out of force.
    """
    ticket, now = secrets.token_urlsafe(32), read_db_now()
    newest = inbox_of(customer_id).order_by("-pk").values_list("pk", flat=True).first()
    row = SocketTicket(
        ticket_hash=_hashed(ticket), customer=customer_id, generation=generation, expires_at=now + LIFETIME
    )
    row.save(force_insert=True)
    return IssuedTicket(ticket, row.expires_at, InboxCursor(newest or 0, now))


def redeem_ticket(*, ticket: str) -> Holder | None:
    """Whose socket this opens; None for a ticket that is unknown, used, too old, or of somebody signed out meanwhile.

    Deleting the row is the race: of several who come with one ticket the database lets one delete it.
    """
    if not 0 < len(ticket) <= MAX_TICKET_LENGTH:
        return None
    row = SocketTicket.objects.filter(pk=_hashed(ticket)).first()
    if row is None:
        return None
    won, _rows = SocketTicket.objects.filter(pk=row.pk, expires_at__gt=db_now()).delete()
    if not won or not users.is_signed_in(row.customer, row.generation):
        return None
    language = users.customer_languages([row.customer]).get(row.customer, "")
    return Holder(row.customer, row.generation, language)


def mark_read(*, customer_id: UUID, generation: int, item_id: int, at: datetime) -> InboxItem | None:
    """Mark one's own notification as read; None where there is none such. Raises `SignedOutError`."""
    if not users.is_signed_in(customer_id, generation):
        raise SignedOutError
    item = inbox_of(customer_id).filter(pk=item_id).first()
    return None if item is None else mark_item(item=item, is_read=True, at=at)


def forget_old_tickets() -> int:
    """Delete tickets that nobody used in time; how many. Harmless twice."""
    return delete_in_batches(SocketTicket.objects.filter(expires_at__lt=db_now()))


def forget_tickets_of(customer_id: UUID) -> None:
    """Erasure."""
    SocketTicket.objects.filter(customer=customer_id).delete()


def _hashed(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
