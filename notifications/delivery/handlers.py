"""What the delivery queue listens to."""

from marketplace.core.outbox.handlers import handles
from notifications.events import InboxFilled, MailRequested
from notifications.kinds.channels import Channel

from . import services


@handles(InboxFilled, queue="notify", atomic=False)
def deliver_on_inbox_filled(event: InboxFilled) -> None:
    """Queue what goes out, then send it at once; what fails stays in the queue for the tick. Harmless twice."""
    if Channel.EMAIL in event.channels:
        _deliver(event)


@handles(MailRequested, queue="notify", atomic=False)
def send_mail_on_mail_requested(event: MailRequested) -> None:
    """What an older version asked for."""
    _deliver(event)


def _deliver(event: InboxFilled | MailRequested) -> None:
    delivery = services.queue_mail(
        message_id=event.message_id, from_customer=event.from_customer, to_customer=event.to_customer
    )
    if delivery is not None:
        services.send_delivery(delivery.pk)
