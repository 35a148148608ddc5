"""What the delivery queue listens to."""

from marketplace.core.outbox.handlers import handles
from notifications.events import MailRequested

from . import services


@handles(MailRequested, queue="notify", atomic=False)
def send_mail_on_mail_requested(event: MailRequested) -> None:
    """Queue the mail, then send it at once; what fails stays in the queue for the tick. Harmless twice."""
    delivery = services.queue_mail(
        message_id=event.message_id, from_customer=event.from_customer, to_customer=event.to_customer
    )
    if delivery is not None:
        services.send_delivery(delivery.pk)
