"""What the engine and the carriers say to each other."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from notifications.devices.models import Device
from notifications.inbox.models import Message
from users.contracts import Contact

from .models import Straggler


class ChannelOutError(Exception):
    """Nothing goes out over this channel now, whoever it is for: the batch waits, nobody in it is to blame."""


class Result(Enum):
    """What became of one recipient."""

    SENT = "sent"
    THROTTLED = "throttled"
    FAILED = "failed"
    REFUSED = "refused"
    """Not today, and not tomorrow."""


REASONS = {
    Result.THROTTLED: Straggler.Reason.THROTTLED,
    Result.FAILED: Straggler.Reason.FAILED,
    Result.REFUSED: Straggler.Reason.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person of a page. `item` is the notification's id, `devices` those that this channel reaches."""

    contact: Contact
    item: int
    devices: tuple[Device, ...] = ()

    @property
    def customer(self) -> UUID:
        """The key everything is ordered by."""
        return self.contact.user_id


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. `devices_left`: of several devices, those that did not get it."""

    recipient: Recipient
    result: Result
    detail: str = ""
    devices_left: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """Somebody whose moment is not now."""

    customer: UUID
    reason: Straggler.Reason
    due_at: datetime


@dataclass(slots=True)
class Plan:
    """Who of a page gets it now and who later, in key order; whoever is in neither does not get it (any more)."""

    ready: list[Recipient] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)


class Carrier(Protocol):
    """Takes messages out of the house over one channel."""

    def open(self) -> AbstractContextManager[object]:
        """Whatever is kept open for the time of a batch."""
        ...

    def send(self, message: Message, recipients: Sequence[Recipient]) -> Iterator[Outcome]:
        """One outcome each, in the given order, as soon as it is known. Raises `ChannelOutError` for the rest."""
        ...
