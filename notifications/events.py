"""Facts the notifications context publishes."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequested(Event):
    """A message should go out by e-mail to the recipients whose keys lie in this range."""

    wire_name: ClassVar[str] = "notifications.mail_requested"

    message_id: int
    from_customer: UUID
    to_customer: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilled(Event):
    """A message is in the inboxes of whom it is for, among the customers whose keys lie in this range.

    Published in the transaction that wrote the rows: once for one person, once a chunk for an audience. `channels` are
    those besides the inbox that this message may go out on; who gets it there is decided when it goes out.
    """

    wire_name: ClassVar[str] = "notifications.inbox_filled"

    message_id: int
    from_customer: UUID
    to_customer: UUID
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastStarted(Event):
    """A broadcast's moment has come, or somebody sent it: its audience is to be told."""

    wire_name: ClassVar[str] = "notifications.broadcast_started"

    broadcast_id: UUID
