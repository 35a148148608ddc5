"""Working off the delivery queue."""

import logging
from datetime import timedelta
from uuid import UUID

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, QuerySet

from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.jobs import release_lease, take_lease
from marketplace.core.mailing import RecipientRefusedError, send_one
from notifications.inbox.models import Message
from notifications.inbox.selectors import recipients_between
from notifications.kinds.channels import Channel
from notifications.preferences.selectors import wanted
from users import facade as users

from .errors import DeliveryNotParkedError
from .mail import mail_for
from .models import Delivery

logger = logging.getLogger(__name__)

JOB = "notifications.send_due"
LEASE = timedelta(seconds=60)
"""A batch that has not ended within this time is taken for orphaned and tried again."""
FIRST_PAUSE = timedelta(seconds=30)
PAGE = 200


@transaction.atomic
def queue_mail(*, message_id: int, from_customer: UUID, to_customer: UUID) -> Delivery | None:
    """A row of the queue for this range, once however often it is asked for; None when the message is gone (erased)."""
    if not Message.objects.filter(pk=message_id).exists():
        return None
    Delivery.objects.bulk_create(
        [
            Delivery(
                message_id=message_id,
                channel=Channel.EMAIL,
                from_customer=from_customer,
                to_customer=to_customer,
                due_at=db_now(),
            )
        ],
        ignore_conflicts=True,
    )
    return Delivery.objects.get(message_id=message_id, channel=Channel.EMAIL, from_customer=from_customer)


def send_due(limit: int = 100) -> int:
    """Send what is due, one batch at a time; how many batches were worked on. Never two of these at once: a lease."""
    mine = take_lease(JOB, LEASE)
    if mine is None:
        return 0
    try:
        waiting = Delivery.objects.filter(state=Delivery.State.PENDING, due_at__lte=db_now()).order_by("due_at")
        return sum(send_delivery(pk) for pk in list(waiting.values_list("pk", flat=True)[:limit]))
    finally:
        release_lease(JOB, mine)


def send_delivery(delivery_id: int) -> bool:
    """Send one batch unless it is done, parked, not due or being sent elsewhere; True if it was ours to try.

    The attempt is counted and committed first, so that a batch that kills its worker is counted too. A failure keeps
    what was sent, and the rest is tried again after 30 s, 1, 2 and 4 minutes; then the batch is parked.
    """
    claimed = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PENDING, due_at__lte=db_now()).update(
        attempts=F("attempts") + 1, due_at=db_now() + LEASE
    )
    if not claimed:
        return False
    delivery = Delivery.objects.select_related("message").get(pk=delivery_id)
    if delivery.attempts > Delivery.MAX_ATTEMPTS:
        _park(delivery, "the worker died on every attempt")
        return True
    try:
        _send_rest(delivery)
    except Exception as error:
        logger.exception("delivery failed", extra={"delivery": delivery.pk, "attempt": delivery.attempts})
        _failed(delivery, error)
    else:
        _pending(delivery).update(state=Delivery.State.DONE, done_at=db_now(), last_error="")
    return True


def requeue_delivery(*, delivery: Delivery, actor_id: UUID) -> None:
    """Give a parked batch another five attempts. Raises `DeliveryNotParkedError`."""
    with transaction.atomic():
        changed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PARKED).update(
            state=Delivery.State.PENDING, attempts=0, due_at=db_now()
        )
        if not changed:
            raise DeliveryNotParkedError
        audit.record(actor_id=actor_id, action="notifications.requeue_delivery", subject=delivery)


def _send_rest(delivery: Delivery) -> None:
    recipients = recipients_between(delivery.message_id, delivery.from_customer, delivery.to_customer)
    with get_connection() as mailer:
        while page := list(
            recipients.filter(customer__gt=delivery.done_up_to).values_list("customer", flat=True)[:PAGE]
        ):
            people = users.contacts(wanted(delivery.message.kind, delivery.channel, page))
            for customer in page:
                # Somebody who left meanwhile is passed over.
                if customer in people and people[customer].is_verified:
                    _send_one(delivery, mailer, people[customer])
                delivery.done_up_to = customer
                delivery.save(update_fields=["done_up_to", "sent_count", "refused_count"])


def _send_one(delivery: Delivery, mailer: BaseEmailBackend, person: users.Contact) -> None:
    try:
        send_one(mail_for(delivery.message, person), mailer)
    except RecipientRefusedError:
        # This address will not take it, today or later; the others must not wait for it.
        logger.warning("recipient refused", extra={"delivery": delivery.pk, "customer": str(person.user_id)})
        delivery.refused_count += 1
    else:
        delivery.sent_count += 1


def _failed(delivery: Delivery, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"[:2000]
    if delivery.attempts >= Delivery.MAX_ATTEMPTS:
        _park(delivery, reason)
        return
    pause = FIRST_PAUSE * 2 ** (delivery.attempts - 1)
    _pending(delivery).update(due_at=db_now() + pause, last_error=reason)


def _park(delivery: Delivery, reason: str) -> None:
    _pending(delivery).update(state=Delivery.State.PARKED, last_error=reason)


def _pending(delivery: Delivery) -> "QuerySet[Delivery, Delivery]":
    return Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING)
