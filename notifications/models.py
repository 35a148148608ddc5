"""Models of the context, re-exported: Django looks for them here."""

from .delivery.models import Delivery
from .inbox.models import FanOut, InboxItem, Message

__all__ = ["Delivery", "FanOut", "InboxItem", "Message"]
