"""The carrier of each channel."""

from notifications.kinds.channels import Channel

from .by_mail import MailCarrier
from .values import Carrier


def carrier_for(channel: str) -> Carrier:
    """A new one: it lives as long as the batch."""
    if channel == Channel.EMAIL:
        return MailCarrier()
    raise NotImplementedError(channel)
