"""The carrier of each channel."""

from django.conf import settings

from notifications.kinds.channels import Channel

from .by_mail import MailCarrier
from .by_push import PushCarrier, TextCarrier
from .models import Delivery
from .outside import QueueCarrier
from .values import Carrier


def carrier_for(delivery: Delivery) -> Carrier:
    """A new one: it lives as long as the batch."""
    if delivery.channel == Channel.EMAIL:
        return MailCarrier()
    if settings.OUTSIDE_QUEUE_URL:
        return QueueCarrier(delivery.channel, delivery.pk)
    return direct_carrier(delivery.channel)


def direct_carrier(channel: str) -> PushCarrier:
    """Straight to the push service."""
    return TextCarrier() if channel == Channel.SMS else PushCarrier()


def straggler_carrier(delivery: Delivery) -> Carrier:
    """Never through the outside queue: that would drop a repeat, and serve every device again."""
    return MailCarrier() if delivery.channel == Channel.EMAIL else direct_carrier(delivery.channel)
