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
class DeliveryLeft(Event):
    """A batch of the delivery queue has used up its turn; the rest of it is due at once."""

    wire_name: ClassVar[str] = "notifications.delivery_left"

    delivery_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRegistered(Event):
    """Somebody registered a device, or registered it anew."""

    wire_name: ClassVar[str] = "notifications.device_registered"

    device_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRemoved(Event):
    """A device is gone; what the push service knows of it (`endpoint`, its name there) should go as well."""

    wire_name: ClassVar[str] = "notifications.device_removed"

    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastStarted(Event):
    """A broadcast's moment has come, or somebody sent it: its audience is to be told."""

    wire_name: ClassVar[str] = "notifications.broadcast_started"

    broadcast_id: UUID
