"""Running one handler for one event, once."""

import logging
import random
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from marketplace.core.clock import db_now
from marketplace.core.context import set_request_id
from marketplace.core.events import event_class

from .handlers import Handler, handler_named
from .models import EventDelivery

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""A message not acknowledged by a finished delivery within this time is taken for lost and sent again."""


def deliver(delivery_id: int) -> bool:
    """Run the delivery's handler unless it is done, parked or running elsewhere; True if it ran to the end.

    The attempt is counted and committed first, so that a handler that kills its worker is counted too.
    A failing handler changes nothing and is tried again with full-jitter back-off, `MAX_ATTEMPTS` times
    in all; then the delivery is parked with its last error for a person to look at.
    """
    claimed = EventDelivery.objects.filter(
        pk=delivery_id, state=EventDelivery.State.PENDING, attempts__lt=EventDelivery.MAX_ATTEMPTS
    ).update(attempts=F("attempts") + 1, due_at=db_now() + LEASE)
    if not claimed:
        return False
    delivery = EventDelivery.objects.select_related("event").get(pk=delivery_id)
    set_request_id(delivery.event.request_id)
    try:
        return _run(delivery, handler_named(delivery.handler))
    except Exception as error:
        _failed(delivery, error)
        return False
    finally:
        set_request_id("")


def _run(delivery: EventDelivery, handler: Handler) -> bool:
    event = event_class(delivery.event.wire_name).from_payload(delivery.event.payload)
    if not handler.atomic:
        handler.run(event)
        return _done(delivery)
    with transaction.atomic():
        still_mine = (
            EventDelivery.objects.select_for_update(skip_locked=True)
            .filter(pk=delivery.pk, state=EventDelivery.State.PENDING)
            .first()
        )
        if still_mine is None:
            return False
        handler.run(event)
        return _done(delivery)


def _done(delivery: EventDelivery) -> bool:
    return bool(
        EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING).update(
            state=EventDelivery.State.DONE, done_at=db_now(), last_error=""
        )
    )


def _failed(delivery: EventDelivery, error: Exception) -> None:
    logger.exception("handler failed", extra={"handler": delivery.handler, "attempt": delivery.attempts})
    is_last = delivery.attempts >= EventDelivery.MAX_ATTEMPTS
    # Full jitter over 1, 2, 4, 8 seconds: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    pause = timedelta(seconds=random.uniform(0.1, 2 ** (delivery.attempts - 1)))  # noqa: S311
    EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING).update(
        state=EventDelivery.State.PARKED if is_last else EventDelivery.State.PENDING,
        due_at=db_now() + pause,
        last_error=f"{type(error).__name__}: {error}"[:2000],
    )
