"""The carrier of each channel."""

from notifications.kinds.channels import Channel

from .by_mail import MailCarrier
from .by_push import PushCarrier, TextCarrier
from .values import Carrier


def carrier_for(channel: str) -> Carrier:
    """A new one: it lives as long as the batch."""
    if channel == Channel.EMAIL:
        return MailCarrier()
    return direct_carrier(channel)


def direct_carrier(channel: str) -> PushCarrier:
    """Straight to the push service."""
    return TextCarrier() if channel == Channel.SMS else PushCarrier()
