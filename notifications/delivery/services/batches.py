"""Working off one batch: claimed by one worker at a time, a page at a time, resumed behind the last recipient."""

import logging
from datetime import timedelta
from time import monotonic, sleep
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.outbox.publishing import publish
from notifications.delivery.carriers import carrier_for
from notifications.delivery.cursors import Cursor, Note
from notifications.delivery.models import LONGEST_ERROR, Delivery, Straggler
from notifications.delivery.pages import Page, next_page
from notifications.delivery.planning import plan
from notifications.delivery.values import REASONS, Carrier, ChannelOutError, Outcome, Recipient, Result
from notifications.events import DeliveryLeft
from notifications.rates.services import at_once, take_tokens

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""A batch that nobody has written to for so long is taken for orphaned and tried again."""
FIRST_PAUSE = timedelta(seconds=30)
TURN_SECONDS = 20.0
"""So long a batch is worked on in one go: less than a task may take, and then the queue's others have their turn."""
RENEW_SECONDS = 15.0
BLOCK = 10
"""Recipients between two looks at the clock and the rate."""
TOKEN_PAUSE = 0.1


class LeaseLostError(Exception):
    """Somebody else has the batch now."""


def send_delivery(delivery_id: int, *, until: float | None = None) -> bool:
    """Send one batch unless it is done, parked, not due or being sent elsewhere; True if it was ours to try.

    The attempt is counted and committed first, so that a batch that kills its worker is counted too. A recipient who
    cannot be served now becomes a straggler and keeps nobody waiting. When the channel itself is out, the rest is tried
    again after 30 s, 1, 2 and 4 minutes; after five attempts without any progress the batch is parked. `until` is a
    moment of `monotonic()`: at the end of its turn the rest is left to an event.
    """
    holder = uuid7()
    claimed = Delivery.objects.filter(pk=delivery_id, state=Delivery.State.PENDING, due_at__lte=db_now()).update(
        attempts=F("attempts") + 1, due_at=db_now() + LEASE, holder=holder
    )
    if not claimed:
        return False
    delivery = Delivery.objects.select_related("message").get(pk=delivery_id)
    batch = _Batch(delivery, holder, monotonic() + TURN_SECONDS if until is None else until)
    if delivery.attempts > Delivery.MAX_ATTEMPTS:
        batch.park("the worker died on every attempt")
        return True
    try:
        batch.work()
    except LeaseLostError:
        logger.warning("delivery was taken over", extra={"delivery": delivery.pk})
    except ChannelOutError as error:
        logger.warning("channel is out", extra={"delivery": delivery.pk, "reason": str(error)})
        batch.failed(error)
    except Exception as error:
        logger.exception("delivery failed", extra={"delivery": delivery.pk, "attempt": delivery.attempts})
        batch.failed(error)
    return True


class _Batch:
    """One worker's go at a batch."""

    def __init__(self, delivery: Delivery, holder: UUID, until: float) -> None:
        self._delivery, self._holder, self._until = delivery, holder, until
        self._cursor = Cursor(delivery)
        self._note = Note(delivery.done_up_to, delivery.sent_count, delivery.refused_count)
        self._committed_at = monotonic()
        self._burst = at_once(delivery.channel)

    def work(self) -> None:
        """Go on behind whoever was served last, by this worker or the one before."""
        found = self._cursor.read()
        if found is not None and found.done_up_to > self._note.done_up_to:
            self._note = found
        carrier = carrier_for(self._delivery)
        with carrier.open():
            while page := next_page(self._delivery, self._note.done_up_to):
                if not self._send_page(carrier, page):
                    self._leave()
                    return
                self._commit(page.done_up_to)
        self._mine().update(state=Delivery.State.DONE, done_at=db_now(), holder=None, last_error="")
        self._cursor.forget()

    def failed(self, error: Exception) -> None:
        """Keep what was sent; the rest comes later, or is set aside for a person."""
        reason = f"{type(error).__name__}: {error}"[:2000]
        attempts = 1 if self._note.done_up_to > self._delivery.done_up_to else self._delivery.attempts
        if attempts >= Delivery.MAX_ATTEMPTS:
            self.park(reason)
            return
        pause = FIRST_PAUSE * 2 ** (attempts - 1)
        self._mine().update(
            **self._progress, attempts=attempts, due_at=db_now() + pause, last_error=reason, holder=None
        )

    def park(self, reason: str) -> None:
        """For a person to look at."""
        self._mine().update(**self._progress, state=Delivery.State.PARKED, last_error=reason, holder=None)

    @property
    def _progress(self) -> dict[str, object]:
        note = self._note
        return {
            "done_up_to": note.done_up_to,
            "sent_count": note.sent_count,
            "refused_count": note.refused_count,
        }

    def _mine(self) -> "QuerySet[Delivery, Delivery]":
        return Delivery.objects.filter(pk=self._delivery.pk, state=Delivery.State.PENDING, holder=self._holder)

    def _send_page(self, carrier: Carrier, page: Page) -> bool:
        """False when the turn is over before the page is."""
        message = self._delivery.message
        found = plan(message, self._delivery.channel, page.items, read_db_now())
        # Before anybody is served: whoever comes after a crash plans only those behind the last one served.
        Straggler.objects.bulk_create(
            (
                Straggler(delivery=self._delivery, customer=later.customer, reason=later.reason, due_at=later.due_at)
                for later in found.later
            ),
            ignore_conflicts=True,
        )
        size = min(BLOCK, self._burst or BLOCK)
        for start in range(0, len(found.ready), size):
            block = found.ready[start : start + size]
            if monotonic() >= self._until or not self._may_send(len(block)):
                return False
            self._send_block(carrier, block)
        return True

    def _send_block(self, carrier: Carrier, block: list[Recipient]) -> None:
        for outcome in carrier.send(self._delivery.message, block):
            self._record(outcome)
            if monotonic() - self._committed_at > RENEW_SECONDS:
                self._commit(self._note.done_up_to)

    def _may_send(self, count: int) -> bool:
        if self._burst is None:
            return True
        while not take_tokens(self._delivery.channel, count):
            if monotonic() >= self._until:
                return False
            sleep(TOKEN_PAUSE)
        return True

    def _record(self, outcome: Outcome) -> None:
        # First the straggler, then the note: a worker that dies in between repeats, and loses nobody.
        if outcome.result is not Result.SENT:
            leave_behind(self._delivery, outcome)
        self._note = Note(
            outcome.recipient.customer,
            self._note.sent_count + (outcome.result is Result.SENT),
            self._note.refused_count + (outcome.result is Result.REFUSED),
        )
        self._cursor.write(self._note)

    def _commit(self, done_up_to: UUID) -> None:
        self._note = Note(done_up_to, self._note.sent_count, self._note.refused_count)
        # Whoever makes progress begins to count anew: it is the batch that never does that must be parked.
        if not self._mine().update(**self._progress, attempts=1, due_at=db_now() + LEASE):
            raise LeaseLostError
        self._committed_at = monotonic()

    def _leave(self) -> None:
        """The turn is over: the rest is due at once, behind what waits already."""
        with transaction.atomic():
            if not self._mine().update(**self._progress, attempts=0, due_at=db_now(), holder=None):
                raise LeaseLostError
            publish(DeliveryLeft(delivery_id=self._delivery.pk))


def leave_behind(delivery: Delivery, outcome: Outcome) -> None:
    """A recipient who did not get it with the others: tried again alone, or given up at once when refused."""
    is_refused = outcome.result is Result.REFUSED
    Straggler.objects.bulk_create(
        [
            Straggler(
                delivery=delivery,
                customer=outcome.recipient.customer,
                state=Straggler.State.GIVEN_UP if is_refused else Straggler.State.WAITING,
                reason=REASONS[outcome.result],
                attempts=1,
                due_at=db_now() + FIRST_PAUSE,
                last_error=outcome.detail[:LONGEST_ERROR],
                devices_left=[str(each) for each in outcome.devices_left],
            )
        ],
        ignore_conflicts=True,
    )
