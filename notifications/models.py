"""Models of the context, re-exported: Django looks for them here."""

from .audiences.models import FanOut
from .broadcasts.models import Broadcast
from .delivery.models import Delivery, Straggler, Suppression
from .devices.models import Device, NumberCode
from .inbox.models import InboxItem, Message
from .preferences.models import Preference, QuietHours
from .rates.models import SendingRate
from .sockets.models import SocketTicket

__all__ = [
    "Broadcast",
    "Delivery",
    "Device",
    "FanOut",
    "InboxItem",
    "Message",
    "NumberCode",
    "Preference",
    "QuietHours",
    "SendingRate",
    "SocketTicket",
    "Straggler",
    "Suppression",
]
