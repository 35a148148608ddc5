"""Webhooks: proved, written down, answered. What they mean is read back from the provider by the queue."""

from datetime import datetime

from django.db import transaction

from funds.payments.models import PaymentTask, ProviderEvent
from funds.payments.providers.protocol import Notification

from .queueing import queue_task


@transaction.atomic
def receive_notification(*, provider: str, notification: Notification, at: datetime) -> bool:
    """Write a proved webhook down once and queue the look at its payment; whether it is new.

    The same notification a hundred times at once is one row and one task.
    """
    if not notification.payment_id:
        return False
    event, is_new = ProviderEvent.objects.get_or_create(
        provider=provider,
        event_key=notification.event_key[:120],
        defaults={"payment_id": notification.payment_id[:80], "received_at": at},
    )
    if is_new:
        queue_task(kind=PaymentTask.Kind.READ_PAYMENT, provider=provider, event=event)
    return is_new
