"""What a broadcast that begins sets going."""

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from notifications.events import BroadcastStarted

from .services import lifecycle


@handles(BroadcastStarted, queue="notify", atomic=False)
def tell_audience_on_broadcast_started(event: BroadcastStarted) -> None:
    """Tell everybody it is for, in chunks that commit on their own."""
    lifecycle.tell_audience_of_broadcast(broadcast_id=event.broadcast_id, at=timezone.now())
