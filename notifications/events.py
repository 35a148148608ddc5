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
