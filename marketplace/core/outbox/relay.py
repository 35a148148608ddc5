"""The relay: from committed events to queued deliveries, and the clock of exact moments.

Several relays may run; rows are claimed with SKIP LOCKED. It promises no order.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone

from marketplace.core.clock import db_now
from marketplace.core.moments import run_due_moments

from .delivery import LEASE, deliver
from .handlers import handler_named, handlers_of
from .models import EventDelivery, OutboxEvent
from .wake import waker

logger = logging.getLogger(__name__)

BATCH = 500
POLL_SECONDS = 0.2
MOMENTS_SECONDS = 1.0
RETRY_AFTER_BROKER_ERROR = timedelta(seconds=1)

Send = Callable[[int, str], None]
"""Hand a delivery's id to a queue."""


def relay_new_events(limit: int = BATCH) -> int:
    """Write the deliveries of events not relayed yet; how many events there were."""
    with transaction.atomic():
        events = list(
            OutboxEvent.objects.select_for_update(skip_locked=True)
            .filter(relayed_at__isnull=True)
            .order_by("id")[:limit]
        )
        if not events:
            return 0
        EventDelivery.objects.bulk_create(
            (
                EventDelivery(event=event, handler=handler.name, due_at=event.created_at)
                for event in events
                for handler in handlers_of(event.wire_name)
            ),
            ignore_conflicts=True,
        )
        OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(relayed_at=db_now())
    return len(events)


def send_due(send: Send, limit: int = BATCH) -> int:
    """Send deliveries that are due, each with a lease so that a lost message comes again; how many."""
    with transaction.atomic():
        due = list(
            EventDelivery.objects.select_for_update(skip_locked=True)
            .filter(state=EventDelivery.State.PENDING, due_at__lte=db_now())
            .order_by("due_at")[:limit]
        )
        spent = [row.pk for row in due if row.attempts >= EventDelivery.MAX_ATTEMPTS]
        if spent:
            # Killed its worker every time: nobody was left to park it.
            EventDelivery.objects.filter(pk__in=spent).update(
                state=EventDelivery.State.PARKED, last_error="the worker died on every attempt"
            )
        ready = [row for row in due if row.pk not in set(spent)]
        EventDelivery.objects.filter(pk__in=[row.pk for row in ready]).update(due_at=db_now() + LEASE)
    _send_each(send, ready)
    return len(due)


def _send_each(send: Send, ready: list[EventDelivery]) -> None:
    for position, row in enumerate(ready):
        try:
            send(row.pk, _queue_of(row))
        except ConnectionError:
            # The broker is out: what did not leave is due again in a second, not after the lease.
            unsent = [later.pk for later in ready[position:]]
            EventDelivery.objects.filter(pk__in=unsent, state=EventDelivery.State.PENDING).update(
                due_at=db_now() + RETRY_AFTER_BROKER_ERROR
            )
            raise


def _queue_of(delivery: EventDelivery) -> str:
    try:
        return handler_named(delivery.handler).queue
    except KeyError:
        return "default"


def drain(limit: int = 10_000) -> int:
    """Relay and run everything that waits, in this thread, until nothing is due; how many ran. For tests and tools."""
    ran = 0

    def run_here(delivery_id: int, _queue: str) -> None:
        nonlocal ran
        ran += deliver(delivery_id)

    while ran < limit:
        moved = relay_new_events() + send_due(run_here)
        if not moved:
            break
    return ran


class Relay:
    """The loop that a thread (embedded) or a process (`manage.py run_relay`) lives in."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._next_moments = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. A lost database or broker is waited for, never fatal."""
        sleeper = waker()
        while not stop.is_set():
            try:
                if not self.pass_once():
                    sleeper.wait(POLL_SECONDS)
            except (DatabaseError, InterfaceError, OSError, ConnectionError):
                logger.exception("relay pass failed; trying again")
                connection.close()
                sleeper = waker()
                stop.wait(POLL_SECONDS)
        connection.close()

    def pass_once(self) -> int:
        """One round: exact moments once a second, new events, due deliveries."""
        if time.monotonic() >= self._next_moments:
            self._next_moments = time.monotonic() + MOMENTS_SECONDS
            run_due_moments()
        return relay_new_events() + send_due(self._send)


def outbox_lag() -> timedelta:
    """Age of the oldest event not relayed yet; zero when there is none."""
    oldest = OutboxEvent.objects.filter(relayed_at__isnull=True).order_by("id").values_list("created_at", flat=True)[:1]
    for created_at in oldest:
        return timezone.now() - created_at
    return timedelta(0)
