"""The relay: from committed events to queued deliveries, and the clock of exact moments.

Several relays may run; rows are claimed with SKIP LOCKED. It promises no order, but that money goes first (`lanes`).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import groupby
from operator import attrgetter
from time import monotonic

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.context import request_id, trace_parent
from marketplace.core.moments import run_due_moments

from .delivery import LEASE, WORKER_DIED, deliver
from .feeds import run_feeds, send_feeds
from .handlers import handler_named, handlers_of, handlers_on, is_known
from .lanes import FIRST_QUEUES, in_lanes
from .models import EventDelivery, OutboxEvent
from .wake import QUIET_SECONDS, waker

logger = logging.getLogger(__name__)

# What comes first comes with the next pass (`lanes`): of a backlog, a pass takes no more than is sent in a tenth of a
# second. With 500 it took half a second, and a tenth more went out.
BATCH = 100
POLL_SECONDS = 0.2
MOMENTS_SECONDS = 1.0
MAX_DOUBLINGS = 7
"""The second message is given twice the lease, and so on, up to this many times (about an hour)."""
RETRY_AFTER_BROKER_ERROR = timedelta(seconds=1)

Send = Callable[[int, str], object]
"""Hand a delivery's id to a queue; raises `ConnectionError` when the broker is out."""


def relay_new_events(limit: int = BATCH) -> int:
    """Write the deliveries of events not relayed yet; how many events there were."""
    waiting = OutboxEvent.objects.filter(relayed_at__isnull=True)
    if not waiting.exists():  # most looks find nothing, and must not take SQLite's write lock for it
        return 0
    with transaction.atomic():
        free = waiting.select_for_update(skip_locked=True)
        names = {handler.event.wire_name for handler in handlers_on(FIRST_QUEUES)}
        chosen = in_lanes(free, column="wire_name", first=names, order="id", limit=limit)
        # What was chosen together is delivered as it happened: paid, then cancelled.
        events = sorted(chosen, key=attrgetter("pk"))
        EventDelivery.objects.bulk_create(
            (
                EventDelivery(event=event, handler=handler.name, due_at=db_now())
                for event in events
                for handler in handlers_of(event.wire_name)
            ),
            ignore_conflicts=True,
        )
        OutboxEvent.objects.filter(pk__in=[event.pk for event in events]).update(relayed_at=db_now())
    return len(events)


def send_due(send: Send, limit: int = BATCH) -> int:
    """Send deliveries that are due, each with a lease so that a lost message comes again; how many."""
    waiting = EventDelivery.objects.filter(state=EventDelivery.State.PENDING, due_at__lte=db_now())
    if not waiting.exists():
        return 0
    with transaction.atomic():
        rows_alone = waiting.select_for_update(skip_locked=True, of=("self",))
        free = rows_alone.select_related("event").defer("event__payload")
        names = [handler.name for handler in handlers_on(FIRST_QUEUES)]
        due = in_lanes(free, column="handler", first=names, order="due_at", limit=limit)
        spent = [row for row in due if row.attempts >= EventDelivery.MAX_ATTEMPTS]
        ready = [row for row in due if row.attempts < EventDelivery.MAX_ATTEMPTS]
        # Killed its worker every time: nobody was left to park it.
        _rows(spent).update(state=EventDelivery.State.PARKED, last_error=WORKER_DIED)
        for sends, rows in groupby(sorted(ready, key=attrgetter("sends")), key=attrgetter("sends")):
            _rows(list(rows)).update(sends=sends + 1, due_at=db_now() + LEASE * 2 ** min(sends, MAX_DOUBLINGS))
    _send_each(send, ready)
    return len(due)


def _rows(deliveries: Sequence[EventDelivery]) -> "QuerySet[EventDelivery, EventDelivery]":
    return EventDelivery.objects.filter(pk__in=[row.pk for row in deliveries], state=EventDelivery.State.PENDING)


def _send_each(send: Send, ready: Sequence[EventDelivery]) -> None:
    for position, row in enumerate(ready):
        try:
            # The message says which request it belongs to.
            with request_id(row.event.request_id), trace_parent(row.event.trace_parent):
                send(row.pk, _queue_of(row))
        except ConnectionError:
            # What did not leave is due again in a second, not after the lease.
            _rows(ready[position:]).update(due_at=db_now() + RETRY_AFTER_BROKER_ERROR, sends=0)
            raise


def _queue_of(delivery: EventDelivery) -> str:
    return handler_named(delivery.handler).queue if is_known(delivery.handler) else "default"


def drain(limit: int = 10_000) -> int:
    """Relay and run everything that waits, in this thread, until nothing is due; how many ran. For tests and tools."""
    ran = 0

    def run_here(delivery_id: int, _queue: str) -> None:
        nonlocal ran
        ran += deliver(delivery_id)

    while ran < limit:
        moved = relay_new_events() + send_due(run_here) + run_feeds()
        if not moved:
            break
    return ran


class Relay:
    """The loop that a thread (embedded) or a process (`manage.py run_relay`) lives in."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._next_moments = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Nothing that goes wrong in a pass is fatal: it is logged and tried again."""
        sleeper = waker()
        was_busy = True
        try:
            while not stop.is_set():
                try:
                    moved = self.pass_once()
                    was_busy = bool(moved) or sleeper.wait(QUIET_SECONDS if was_busy else POLL_SECONDS)
                except ConnectionError as error:
                    logger.warning("broker is out; trying again: %s", error)
                    stop.wait(POLL_SECONDS)
                except (InterfaceError, OperationalError) as error:
                    logger.warning("database is out; trying again: %s", error)
                    connection.close()
                    stop.wait(POLL_SECONDS)
                except Exception:
                    logger.exception("relay pass failed; trying again")
                    connection.close()
                    stop.wait(POLL_SECONDS)
        finally:
            connection.close()

    def pass_once(self) -> int:
        """One round: exact moments once a second, rows that are their own outbox, new events, due deliveries."""
        if monotonic() >= self._next_moments:
            self._next_moments = monotonic() + MOMENTS_SECONDS
            run_due_moments()
        return send_feeds() + relay_new_events() + send_due(self._send)


def outbox_lag() -> timedelta:
    """Age of the oldest event not relayed yet, by the database's clock; zero when there is none."""
    oldest = OutboxEvent.objects.filter(relayed_at__isnull=True).order_by("id").values_list("created_at", flat=True)
    created_at = oldest.first()
    return timedelta(0) if created_at is None else max(timedelta(0), read_db_now() - created_at)
