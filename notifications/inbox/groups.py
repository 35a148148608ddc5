"""Whom of the socket processes a message about inboxes goes to. Clients never name a group."""

from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace.core.sockets.sending import post_to_group

EVERY_PROCESS: Final = "inbox"
"""Each process that serves inboxes listens here; it knows whose sockets it has."""
FILLED: Final = "inbox.filled"
READ: Final = "inbox.read"
SIGNED_OUT: Final = "inbox.signed_out"


def group_of(customer_id: UUID) -> str:
    """The processes that have a socket of this customer."""
    return f"inbox.{customer_id.hex}"


def tell_read(customer_id: UUID) -> None:
    """The number of unread messages is another one: once committed, the customer's sockets say so. Best effort."""
    transaction.on_commit(lambda: post_read(customer_id), robust=True)


def post_read(customer_id: UUID) -> None:
    """The same at once."""
    post_to_group(group_of(customer_id), {"type": READ, "customer": customer_id.hex})
