"""The context's part in erasing a person."""

from uuid import UUID

from .delivery.services import forget_stragglers
from .devices.services import forget_devices
from .inbox.services import forget_customer as forget_inbox
from .preferences.services import forget_preferences
from .sockets.services import forget_tickets_of


def forget_customer(user_id: UUID) -> None:
    """What they were told, what they want to be told and where, and what was still to be sent."""
    forget_stragglers(user_id)
    forget_devices(user_id)
    forget_preferences(user_id)
    forget_tickets_of(user_id)
    forget_inbox(user_id)
