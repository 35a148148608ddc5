"""Running one handler for one event, once."""

import logging
import random
from datetime import timedelta
from time import perf_counter

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import F, QuerySet

from marketplace.core.clock import db_now
from marketplace.core.context import about, request_id
from marketplace.core.events import event_class
from marketplace.core.locking import is_lock_timeout
from marketplace.core.observability.subjects import subjects_of
from marketplace.core.observability.tracing import span

from .handlers import Handler, handler_named, is_known
from .models import EventDelivery

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""A message that nobody has finished within this time is taken for lost and sent again. A handler that still runs
holds its row, and the second message passes on."""


WORKER_DIED = "the worker died on every attempt"


class RunningElsewhereError(Exception):
    """Another worker holds the delivery's row: its handler is running there."""


def deliver(delivery_id: int) -> bool:
    """Run the delivery's handler unless it is done, parked or running elsewhere; True if it ran to the end.

    The attempt is counted and committed first, so that a handler that kills its worker is counted too.
    A failing handler changes nothing and is tried again with full-jitter back-off, `MAX_ATTEMPTS` times
    in all; then the delivery is parked with its last error for a person to look at.
    """
    try:
        delivery = _claim(delivery_id)
    except RunningElsewhereError:
        return False
    if delivery is None:
        return False
    event = delivery.event
    facts = subjects_of(event.payload) | {"handler": delivery.handler}
    with (
        request_id(event.request_id),
        about(**facts),
        span(delivery.handler, parent=event.trace_parent, marketplace__event=event.wire_name) as mark,
    ):
        started = perf_counter()
        try:
            ran = _run(delivery, handler_named(delivery.handler))
        except RunningElsewhereError:
            return False
        except Exception as error:
            mark.fail(type(error).__name__)
            _failed(delivery, error)
            return False
        milliseconds = round((perf_counter() - started) * 1000, 1)
        logger.info("%s in %s ms", delivery.handler, milliseconds, extra={"milliseconds": milliseconds})
        return ran


def deliver_again(delivery_id: int) -> bool:
    """A message that came back because whoever had it is gone; True if the handler ran to the end now.

    What had begun may have killed its worker, and would kill the next one in the same second: it waits as after a
    failure, and is parked after `MAX_ATTEMPTS`. What had not begun is run at once.
    """
    begun = EventDelivery.objects.filter(pk=delivery_id, state=EventDelivery.State.PENDING, attempts__gt=0)
    try:
        with transaction.atomic():
            delivery = _locked(begun)
            if delivery is not None:
                logger.warning("worker died", extra={"handler": delivery.handler, "attempt": delivery.attempts})
                _put_off(delivery, WORKER_DIED if _is_spent(delivery) else "the worker died")
    except RunningElsewhereError:
        return False
    return delivery is None and deliver(delivery_id)


def _claim(delivery_id: int) -> EventDelivery | None:
    waiting = EventDelivery.objects.filter(
        pk=delivery_id, state=EventDelivery.State.PENDING, attempts__lt=EventDelivery.MAX_ATTEMPTS
    )
    with transaction.atomic():
        delivery = _locked(waiting.select_related("event"))
        if delivery is not None:
            delivery.attempts += 1
            waiting.update(attempts=F("attempts") + 1, due_at=db_now() + _lease_of(delivery))
    return delivery


def _locked(rows: "QuerySet[EventDelivery, EventDelivery]") -> EventDelivery | None:
    # Waits (at most the database's lock_timeout) instead of skipping: a relay that only looked at the row holds it
    # for a moment too, and must not make a message disappear.
    try:
        return rows.select_for_update(of=("self",)).first()
    except DatabaseError as error:
        if is_lock_timeout(error):
            raise RunningElsewhereError from error
        raise


def _lease_of(delivery: EventDelivery) -> timedelta:
    if is_known(delivery.handler) and not handler_named(delivery.handler).atomic:
        # Nothing marks the row while such a handler runs: leave it alone for longer than Celery lets a task live.
        return timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 15)
    return LEASE


def _run(delivery: EventDelivery, handler: Handler) -> bool:
    event = event_class(delivery.event.wire_name).from_payload(delivery.event.payload)
    if not handler.atomic:
        handler.run(event)
        return _done(delivery)
    with transaction.atomic():
        if _locked(EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING)) is None:
            return False
        handler.run(event)
        return _done(delivery)


def _done(delivery: EventDelivery) -> bool:
    # Also where it was parked meanwhile: what counts is that the handler came to its end.
    return bool(
        EventDelivery.objects.filter(pk=delivery.pk)
        .exclude(state=EventDelivery.State.DONE)
        .update(state=EventDelivery.State.DONE, done_at=db_now(), last_error="")
    )


def _failed(delivery: EventDelivery, error: Exception) -> None:
    logger.exception("handler failed", extra={"handler": delivery.handler, "attempt": delivery.attempts})
    _put_off(delivery, f"{type(error).__name__}: {error}")


def _put_off(delivery: EventDelivery, reason: str) -> None:
    # Full jitter over 1, 2, 4, 8 seconds: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    pause = timedelta(seconds=random.uniform(0.1, 2 ** (delivery.attempts - 1)))  # noqa: S311
    EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING).update(
        state=EventDelivery.State.PARKED if _is_spent(delivery) else EventDelivery.State.PENDING,
        due_at=db_now() + pause,
        sends=0,
        last_error=reason.replace("\x00", "")[:2000],
    )


def _is_spent(delivery: EventDelivery) -> bool:
    return delivery.attempts >= EventDelivery.MAX_ATTEMPTS
