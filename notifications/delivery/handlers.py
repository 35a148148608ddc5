"""What the delivery queue listens to."""

from collections.abc import Collection
from time import monotonic

from django.db import transaction

from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.publishing import publish
from notifications.events import DeliveryLeft, InboxFilled, MailRequested
from notifications.kinds.channels import Channel

from . import services

TURN_SECONDS = 25.0


@handles(InboxFilled, queue="notify", atomic=False)
def deliver_on_inbox_filled(event: InboxFilled) -> None:
    """Queue what goes out, then send it at once; what fails stays in the queue for the tick. Harmless twice."""
    _deliver(event, event.channels)


@handles(MailRequested, queue="notify", atomic=False)
def send_mail_on_mail_requested(event: MailRequested) -> None:
    """What an older version asked for."""
    _deliver(event, [Channel.EMAIL])


@handles(DeliveryLeft, queue="notify", atomic=False)
def go_on_on_delivery_left(event: DeliveryLeft) -> None:
    """A batch's next turn."""
    services.send_delivery(event.delivery_id)


def _deliver(event: InboxFilled | MailRequested, channels: Collection[str]) -> None:
    until = monotonic() + TURN_SECONDS
    for delivery in services.queue_deliveries(
        message_id=event.message_id,
        from_customer=event.from_customer,
        to_customer=event.to_customer,
        channels=channels,
    ):
        if monotonic() < until:
            services.send_delivery(delivery.pk, until=until)
        else:
            with transaction.atomic():
                publish(DeliveryLeft(delivery_id=delivery.pk))
