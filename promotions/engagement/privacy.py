"""What becomes of a person's trail when the person leaves."""

import hashlib
import secrets
from uuid import UUID

from marketplace.core.clock import platform_day

from .decay import hour_of
from .models import ActorHour, CustomerEngagementDaily, CustomerInterest, EngagementEvent, EventBatch
from .services.days import day_bounds

_AT_ONCE = 500


def forget_trail(user_id: UUID) -> None:
    """Interests and days of the customer go; events lose the person, and everything that ties one to another.

    The rows of events stay until their retention ends: a batch that is sent again must still find its ids, and a day
    that is added up again must still come to the same sums. Each keeps its product and day, under an actor that is
    another one for every product and day and leads to nobody.
    """
    # Before the events: this waits for a drain that is counting some of them.
    EventBatch.objects.filter(customer_id=user_id).update(customer_id=None, actor=UUID(bytes=secrets.token_bytes(16)))
    CustomerInterest.objects.filter(customer_id=user_id).delete()
    CustomerEngagementDaily.objects.filter(customer_id=user_id).delete()
    ActorHour.objects.filter(actor=user_id).delete()
    key = secrets.token_bytes(32)
    while events := list(EngagementEvent.objects.filter(customer_id=user_id).order_by("pk")[:_AT_ONCE]):
        for event in events:
            _detach(event, key)
        names = ["customer_id", "actor", "exposure_id", "position", "metadata", "occurred_at", "at", "received_at"]
        EngagementEvent.objects.bulk_update(events, names)


def _detach(event: EngagementEvent, key: bytes) -> None:
    day = platform_day(event.at)
    named = f"{event.product_id}|{day}".encode()
    event.customer_id, event.exposure_id, event.position, event.metadata = None, None, None, {}
    event.actor = UUID(bytes=hashlib.blake2b(named, key=key, digest_size=16).digest())
    # The hour is what sums know; the second would tie events of one visit together.
    event.at = max(hour_of(event.at), day_bounds(day)[0])
    event.occurred_at = event.received_at = event.at
