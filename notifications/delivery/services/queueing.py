"""What goes into the queue, and what gets another try."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.clock import db_now
from notifications.delivery.errors import DeliveryNotParkedError, NothingGivenUpError
from notifications.delivery.models import Delivery, Straggler
from notifications.devices.selectors import live_devices
from notifications.inbox.models import Message
from notifications.kinds.channels import OUTSIDE, Channel
from notifications.kinds.table import KINDS
from notifications.preferences.selectors import channels_wanted


@transaction.atomic
def queue_deliveries(
    *, message_id: int, from_customer: UUID, to_customer: UUID, channels: Collection[str]
) -> list[Delivery]:
    """A row of the queue for this range and each channel, once however often it is asked for.

    None when the message is gone (erased). For one person only the channels they want and have: most messages are for
    one, and most channels are nothing to them.
    """
    message = Message.objects.filter(pk=message_id).first()
    if message is None:
        return []
    asked = [channel for channel in OUTSIDE if channel in channels]
    if from_customer == to_customer and message.kind in KINDS:
        asked = _for_one(message.kind, from_customer, asked)
    Delivery.objects.bulk_create(
        (
            Delivery(
                message_id=message_id,
                channel=channel,
                from_customer=from_customer,
                to_customer=to_customer,
                due_at=db_now(),
            )
            for channel in asked
        ),
        ignore_conflicts=True,
    )
    rows = Delivery.objects.filter(message=message_id, from_customer=from_customer, channel__in=asked)
    return list(rows.order_by("id")) if asked else []


def _for_one(kind: str, customer: UUID, asked: list[str]) -> list[str]:
    wanted = channels_wanted(kind, customer)
    return [
        channel
        for channel in asked
        if channel in wanted and (channel == Channel.EMAIL or live_devices(channel).filter(customer=customer).exists())
    ]


def requeue_delivery(*, delivery: Delivery, actor_id: UUID) -> None:
    """Give a parked batch another five attempts. Raises `DeliveryNotParkedError`."""
    with transaction.atomic():
        changed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PARKED).update(
            state=Delivery.State.PENDING, attempts=0, due_at=db_now()
        )
        if not changed:
            raise DeliveryNotParkedError
        audit.record(actor_id=actor_id, action="notifications.requeue_delivery", subject=delivery)


@transaction.atomic
def requeue_stragglers(*, delivery: Delivery, actor_id: UUID) -> int:
    """Give those of a batch who were given up another five attempts; how many. Raises `NothingGivenUpError`."""
    count = Straggler.objects.filter(delivery=delivery, state=Straggler.State.GIVEN_UP).update(
        state=Straggler.State.WAITING, attempts=0, due_at=db_now()
    )
    if not count:
        raise NothingGivenUpError
    audit.record(actor_id=actor_id, action="notifications.requeue_stragglers", subject=delivery, after={"count": count})
    return count


def forget_stragglers(customer_id: UUID) -> None:
    """Erasure."""
    Straggler.objects.filter(customer=customer_id).delete()
