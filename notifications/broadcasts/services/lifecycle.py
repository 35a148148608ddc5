"""The way through the states: by people, and by the clock, which is harmless twice."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import DomainError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.ids import uuid7
from marketplace.core.jobs import take_slot
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from notifications.audiences.models import FanOut
from notifications.audiences.services import begin_fan_out, go_on, stop_fan_outs
from notifications.broadcasts.errors import BroadcastNotFoundError, BroadcastStateError
from notifications.broadcasts.models import Broadcast
from notifications.broadcasts.selectors import due_to_start, size_of_broadcast, told_to_the_end
from notifications.broadcasts.states import TRANSITIONS, State
from notifications.broadcasts.terms import TEXTS, terms_of
from notifications.events import BroadcastStarted
from notifications.inbox.models import Message
from notifications.inbox.services import tell_customer, write_message
from notifications.kinds.table import BROADCAST

logger = logging.getLogger(__name__)

BATCH = 100


@transaction.atomic
def schedule_broadcast(
    *, broadcast_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Broadcast:
    """Let it be sent at its `send_at`. One that is scheduled stays as it is.

    Raises `BroadcastNotFoundError`, `StaleError`, `BroadcastStateError`, `InvalidInputError` without a moment ahead.
    """
    broadcast = locked_broadcast(broadcast_id, expected_version)
    if broadcast.state == State.SCHEDULED:
        return broadcast
    _refuse_step(broadcast, State.SCHEDULED)
    refuse_past(broadcast.send_at, at)
    _step(broadcast, State.SCHEDULED, actor_id=actor_id, action="notifications.schedule_broadcast")
    return broadcast


@transaction.atomic
def send_broadcast(
    *, broadcast_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Broadcast:
    """Send it now, also when it was scheduled for later. One that is being sent stays as it is: twice is once.

    Raises `BroadcastNotFoundError`, `StaleError`, `BroadcastStateError` (sent or stopped).
    """
    broadcast = locked_broadcast(broadcast_id, expected_version)
    if broadcast.state != State.SENDING:
        _begin(broadcast, actor_id=actor_id, at=at)
    return broadcast


@transaction.atomic
def stop_broadcast(
    *, broadcast_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Broadcast:
    """Tell nobody more, for good; who was told keeps the message. One that was stopped stays as it is.

    A chunk that is being written is still finished. Raises `BroadcastNotFoundError`, `StaleError`,
    `BroadcastStateError`: a draft needs no stopping, and what everybody has been told cannot be stopped.
    """
    broadcast = locked_broadcast(broadcast_id, expected_version)
    if broadcast.state == State.STOPPED:
        return broadcast
    _refuse_step(broadcast, State.STOPPED)
    if broadcast.message_id is not None and not stop_fan_outs(message_id=broadcast.message_id, at=at):
        raise BroadcastStateError(state=State.SENT)
    _step(broadcast, State.STOPPED, actor_id=actor_id, action="notifications.stop_broadcast", ended_at=at)
    return broadcast


@transaction.atomic
def send_test(*, broadcast_id: UUID, actor_id: UUID, at: datetime) -> Message:
    """Tell the actor alone, over all its channels, in whatever state it is. Raises `BroadcastNotFoundError`."""
    broadcast = Broadcast.objects.filter(pk=broadcast_id).first()
    if broadcast is None:
        raise BroadcastNotFoundError
    audit.record(actor_id=actor_id, action="notifications.test_broadcast", subject=broadcast)
    return tell_customer(
        kind=BROADCAST,
        customer_id=actor_id,
        params=_params(broadcast),
        dedupe_key=f"{BROADCAST}:{broadcast.pk}:test:{uuid7()}",
        channels=tuple(broadcast.channels),
        at=at,
    )


def tell_audience_of_broadcast(*, broadcast_id: UUID, at: datetime) -> int:
    """Tell whom is left to tell; how many. Their number is counted first, for the progress. Harmless twice."""
    run = FanOut.objects.select_related("message").filter(message__dedupe_key=_fact(broadcast_id)).first()
    if run is None:
        raise BroadcastNotFoundError
    if run.expected_count is None:
        FanOut.objects.filter(pk=run.pk).update(expected_count=size_of_broadcast(broadcast_id, at).count)
    told = go_on(run, at=at)
    finish_broadcast(broadcast_id=broadcast_id)
    return told


@transaction.atomic
def finish_broadcast(*, broadcast_id: UUID) -> bool:
    """It is sent once its fan-out has ended; False when it has not, or somebody said so before."""
    for broadcast in lock(LockRank.NOTICE, Broadcast.objects.filter(pk=broadcast_id, state=State.SENDING)):
        run = FanOut.objects.get(message=broadcast.message_id)
        if run.finished_at is None:
            return False
        _step(
            broadcast,
            State.SENT,
            actor_id=None,
            action="notifications.finish_broadcast",
            told=run.told_count,
            ended_at=run.finished_at,
        )
        return True
    return False


def start_due_broadcasts(*, at: datetime) -> int:
    """Send every scheduled one whose moment has come; how many. One indexed query when none has."""
    return _each(due_to_start(at, BATCH), lambda broadcast_id: _start(broadcast_id, at))


def finish_told_broadcasts() -> int:
    """Say of what a resumed worker told to the end that it is sent; how many. One indexed query when there is none."""
    return _each(told_to_the_end(BATCH), lambda broadcast_id: finish_broadcast(broadcast_id=broadcast_id))


def locked_broadcast(broadcast_id: UUID, expected_version: int | None) -> Broadcast:
    """The broadcast, locked. Raises `BroadcastNotFoundError`, `StaleError`."""
    for broadcast in lock(LockRank.NOTICE, Broadcast.objects.filter(pk=broadcast_id)):
        if expected_version not in {None, broadcast.version}:
            raise StaleError
        return broadcast
    raise BroadcastNotFoundError


def refuse_past(send_at: datetime | None, at: datetime) -> None:
    """Raises `InvalidInputError` unless there is a moment, and it lies ahead."""
    if send_at is None or send_at <= at:
        raise InvalidInputError.of("send_at", "invalid", gettext_noop("Give a moment that lies in the future."))


@transaction.atomic
def _start(broadcast_id: UUID, at: datetime) -> bool:
    due = Broadcast.objects.filter(pk=broadcast_id, state=State.SCHEDULED, send_at__lte=at)
    for broadcast in lock(LockRank.NOTICE, due):
        _begin(broadcast, actor_id=None, at=at)
        return True
    return False


def _begin(broadcast: Broadcast, *, actor_id: UUID | None, at: datetime) -> None:
    """The message, the audience's record and the fact, once in its life: the slot is taken for good."""
    _refuse_step(broadcast, State.SENDING)
    message = write_message(kind=BROADCAST, params=_params(broadcast), dedupe_key=_fact(broadcast.pk), at=at)
    terms = terms_of(broadcast)
    begin_fan_out(message=message, audience=terms.audience(at), channels=sorted(terms.channels), at=at)
    _step(
        broadcast,
        State.SENDING,
        actor_id=actor_id,
        action="notifications.send_broadcast",
        message=message,
        started_at=at,
    )
    if take_slot("notifications.broadcasts.start", str(broadcast.pk)):
        publish(BroadcastStarted(broadcast_id=broadcast.pk))


def _params(broadcast: Broadcast) -> dict[str, Any]:
    return {"broadcast": str(broadcast.pk), **{name: getattr(broadcast, name) for name in TEXTS}}


def _fact(broadcast_id: UUID) -> str:
    return f"{BROADCAST}:{broadcast_id}"


def _refuse_step(broadcast: Broadcast, to_state: str) -> None:
    if to_state not in TRANSITIONS[broadcast.state]:
        raise BroadcastStateError(state=broadcast.state)


def _step(
    broadcast: Broadcast, to_state: str, *, actor_id: UUID | None, action: str, told: int | None = None, **columns: Any
) -> None:
    _refuse_step(broadcast, to_state)
    before, said = broadcast.state, {} if told is None else {"told": told}
    compare_and_set(broadcast, None, state=to_state, **columns)
    after = {"state": broadcast.state, **said}
    audit.record(actor_id=actor_id, action=action, subject=broadcast, before={"state": before}, after=after)


def _each(broadcast_ids: Iterable[UUID], work: Callable[[UUID], bool]) -> int:
    done = 0
    for broadcast_id in broadcast_ids:
        try:
            done += work(broadcast_id)
        except DomainError:
            # One broadcast that cannot go on does not keep the others waiting.
            logger.exception("broadcast left as it is", extra={"broadcast": str(broadcast_id)})
    return done
