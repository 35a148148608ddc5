"""The pump: from waiting rows to the bus, in order per partition key, by one process at a time."""

import logging
import random
import threading
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, F, OuterRef

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.jobs import JobLease, release_lease, take_lease

from .enqueueing import is_on
from .envelope import envelope
from .errors import BusOutError, RefusedError
from .models import BusMessage
from .transports import Transport, transport_for

logger = logging.getLogger(__name__)

JOB: Final = "core.event_bus"
BATCH: Final = 100
LEASE: Final = timedelta(seconds=30)
"""After a death the next pump begins so much later. A batch stops sending at a third of it (a send takes at most ten
seconds), so that two pumps do not send side by side unless one was frozen in the middle of a send."""
POLL_SECONDS: Final = 0.2
LONGEST_OUT_SECONDS: Final = 15.0

PENDING, SENT, PARKED = BusMessage.State.PENDING, BusMessage.State.SENT, BusMessage.State.PARKED


class Pump:
    """Sends what waits. Several may run; the lease says which one works."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lease: UUID | None = None
        self._pause = POLL_SECONDS

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set. Nothing that goes wrong in a pass is fatal: it is logged and tried again."""
        try:
            while not stop.is_set():
                if not self._pass_or_explain():
                    stop.wait(self._pause)
            self._let_go()
        finally:
            self._transport.close()
            connection.close()

    def pass_once(self, limit: int = BATCH) -> int:
        """Send the next messages; how many were taken or refused. Raises `BusOutError` with the rest left waiting.

        What was taken is marked even when a later one finds the bus out. A refusal holds the later messages of its
        partition key until it was taken or is parked, and nothing else.
        """
        waiting = next_messages(limit)
        if not waiting or not self._holds_lease():
            return 0
        ends_at = monotonic() + LEASE.total_seconds() / 3
        sent: list[BusMessage] = []
        held: dict[str, tuple[BusMessage, RefusedError]] = {}
        try:
            for message in waiting:
                if message.partition_key in held:
                    continue
                if monotonic() >= ends_at:
                    break
                try:
                    self._transport.send(envelope(message))
                    sent.append(message)
                except RefusedError as error:
                    held[message.partition_key] = message, error
        finally:
            mark(sent, list(held.values()))
        return len(sent) + len(held)

    def _pass_or_explain(self) -> int:
        try:
            done = self.pass_once()
        except BusOutError as error:
            self._pause = min(self._pause * 2, LONGEST_OUT_SECONDS)
            logger.warning("event bus is out; trying again in %.1f s: %s", self._pause, error)
            return 0
        except (InterfaceError, OperationalError) as error:
            logger.warning("database is out; trying again: %s", error)
            connection.close()
        except Exception:
            logger.exception("event bus pass failed; trying again")
            connection.close()
            self._pause = LONGEST_OUT_SECONDS
            return 0
        else:
            self._pause = POLL_SECONDS
            return done
        return 0

    def _holds_lease(self) -> bool:
        # A lease that is over is renewed too, as long as nobody has taken it.
        if self._lease is not None and _renew(self._lease):
            return True
        self._lease = take_lease(JOB, LEASE)
        return self._lease is not None

    def _let_go(self) -> None:
        if self._lease is not None:
            release_lease(JOB, self._lease)
            self._lease = None


def _renew(lease: UUID) -> bool:
    return bool(JobLease.objects.filter(job=JOB, holder=lease).update(until=db_now() + LEASE))


def next_messages(limit: int) -> list[BusMessage]:
    """Due messages in the order of their events, without those behind one of their key that waits after a refusal."""
    waiting = BusMessage.objects.filter(state=PENDING)
    refused_before = waiting.filter(
        partition_key=OuterRef("partition_key"), event__lt=OuterRef("event"), due_at__gt=db_now()
    )
    due = waiting.filter(due_at__lte=db_now()).exclude(Exists(refused_before))
    return list(due.select_related("event").order_by("event")[:limit])


def mark(sent: Sequence[BusMessage], refused: Sequence[tuple[BusMessage, RefusedError]]) -> None:
    """Write down what became of a batch. Whoever dies before sends the same messages again, under the same ids."""
    if not sent and not refused:
        return
    with transaction.atomic():
        if sent:
            taken = BusMessage.objects.filter(pk__in=[message.pk for message in sent])
            taken.update(state=SENT, sent_at=db_now(), last_error="")
        for message, error in refused:
            _mark_refused(message, error)


def _mark_refused(message: BusMessage, error: RefusedError) -> None:
    attempts = message.attempts + 1
    is_last = attempts >= BusMessage.MAX_ATTEMPTS
    # 5 and 25 seconds, 2 and 10 minutes: a receiver that was deployed broken is mended before anything is parked.
    pause = timedelta(seconds=5**attempts * random.uniform(0.8, 1))  # noqa: S311 - no secret
    logger.warning("event bus refused a message", extra={"event": message.event.wire_name, "attempt": attempts})
    BusMessage.objects.filter(pk=message.pk, state=PENDING).update(
        attempts=F("attempts") + 1,
        state=PARKED if is_last else PENDING,
        due_at=db_now() + pause,
        last_error=str(error).replace("\x00", "")[:2000],
    )


def run_pump(stop: threading.Event) -> None:
    """A pump for the configured bus until `stop` is set; with the bus off this only waits."""
    if is_on():
        Pump(transport_for(settings.EVENT_BUS_URL)).run(stop)
    else:
        stop.wait()


def drain_bus() -> int:
    """Send what is due, in this thread, until nothing is; how many passed. For tests and tools."""
    pump = Pump(transport_for(settings.EVENT_BUS_URL))
    moved = 0
    try:
        while done := pump.pass_once():
            moved += done
    finally:
        pump._let_go()
        pump._transport.close()
    return moved


def bus_lag() -> timedelta:
    """Age of the oldest event that waits for the bus, by the database's clock; zero when none does."""
    oldest = BusMessage.objects.filter(state=PENDING).order_by("event").values_list("event__created_at", flat=True)
    created_at = oldest.first()
    return timedelta(0) if created_at is None else max(timedelta(0), read_db_now() - created_at)
