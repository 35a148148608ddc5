"""From the inbox to the sums: each batch once, whatever is sent twice and whoever dies."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError, connection, transaction

from marketplace.core.locking import is_statement_timeout, is_unavailable
from promotions.engagement import decay, orm_counting, statements
from promotions.engagement.models import DeadEvent, EngagementPolicy, EventBatch, EventDrain, ProductSignal
from promotions.engagement.selectors import policy_in_force

BATCHES: Final = 400
"""So many batches in one transaction: twenty thousand events when each brings fifty."""
FEWER: Final = 8
"""Where that is too much for one statement's time, so many times fewer."""
# What counting a batch raises when its contents are to blame.
_POISON = (DatabaseError, ValidationError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


class Drained(NamedTuple):
    """Events that were counted, repeats that were left out, events that nobody can count."""

    events: int = 0
    repeats: int = 0
    dead: int = 0

    def plus(self, other: "Drained") -> "Drained":
        """Both together."""
        return Drained(*(one + two for one, two in zip(self, other, strict=True)))


def drain_events(*, at: datetime, batches: int = BATCHES, is_time_up: Callable[[], bool] = lambda: False) -> Drained:
    """Count what waits in the inbox, some batches per transaction, until nothing is left that nobody else is at."""
    total = Drained()
    while not is_time_up():
        drained, batches = _drain_in_time(at, batches)
        if drained is None:
            break
        total = total.plus(drained)
    return total


def _drain_in_time(at: datetime, batches: int) -> tuple[Drained | None, int]:
    """One transaction, and how many batches to take for the next. Where the database ends a statement that takes too
    long, fewer are taken at once, or a backlog that grew too large would never be counted.
    """
    try:
        return drain_once(at=at, batches=batches), batches
    except OperationalError as error:
        if batches == 1 or not is_statement_timeout(error):
            raise
    fewer = max(1, batches // FEWER)
    return drain_once(at=at, batches=fewer), fewer


@transaction.atomic
def drain_once(*, at: datetime, batches: int = BATCHES) -> Drained | None:
    """Take the oldest batches that no other worker holds and count their events; None: there are none.

    One transaction: who dies in it has taken and counted nothing. An event that is there already adds nothing. Batches
    that cannot be counted are halved until the event that is to blame stands alone, a `DeadEvent`.
    """
    ids = _claim(batches)
    if not ids:
        return None
    agree_on_policy()
    return _count_or_halve(ids, policy_in_force(), at)


def agree_on_policy() -> None:
    """Behind this, in the same transaction, the policy stays what it is: `replay_signals` waits, or has been."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {ProductSignal._meta.db_table} IN ROW EXCLUSIVE MODE")


def _claim(batches: int) -> list[int]:
    # On SQLite the transaction holds the whole database, and there is nobody to pass over.
    rows = EventBatch.objects.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:batches])


def _count_or_halve(ids: Sequence[int], policy: EngagementPolicy, at: datetime) -> Drained:
    try:
        with transaction.atomic():
            return _count(ids, policy, at)
    except _POISON as error:
        if is_unavailable(error):
            raise
        if len(ids) == 1:
            return _cut(ids[0], policy, at, error)
    middle = len(ids) // 2
    return _count_or_halve(ids[:middle], policy, at).plus(_count_or_halve(ids[middle:], policy, at))


def _cut(batch_id: int, policy: EngagementPolicy, at: datetime, error: Exception) -> Drained:
    """A batch that cannot be counted becomes two; one of a single event is dead."""
    batch = EventBatch.objects.get(pk=batch_id)
    batch.delete()
    events: list[Any] = batch.events
    if len(events) <= 1:
        reason = f"{type(error).__name__}: {error}".replace("\x00", "")
        DeadEvent.objects.bulk_create(DeadEvent(batch_id=batch_id, event=each, reason=reason[:500]) for each in events)
        return Drained(dead=len(events))
    halves = [events[: len(events) // 2], events[len(events) // 2 :]]
    made = EventBatch.objects.bulk_create(
        EventBatch(
            customer_id=batch.customer_id,
            actor=batch.actor,
            is_suspect=batch.is_suspect,
            events=half,
            events_count=len(half),
            attempts=batch.attempts + 1,
            received_at=batch.received_at,
        )
        for half in halves
    )
    return _count_or_halve([each.pk for each in made], policy, at)


def _count(ids: Sequence[int], policy: EngagementPolicy, at: datetime) -> Drained:
    drain = EventDrain.objects.create(events_count=0, drained_at=at)
    if connection.vendor == "postgresql":
        said, fresh = run(statements.count_inbox(), list(ids), drain.pk, policy)
    else:
        events, said = orm_counting.take_batches(ids, drain.pk)
        orm_counting.count(events, policy, at)
        fresh = len(events)
    EventDrain.objects.filter(pk=drain.pk).update(events_count=fresh, repeats_count=said - fresh)
    return Drained(events=fresh, repeats=said - fresh)


def run(statement: str, ids: list[Any], drain_id: int, policy: EngagementPolicy) -> tuple[int, int]:
    """Execute a counting statement (PostgreSQL): how many events it looked at, how many it counted."""
    values = {"ids": ids, "drain": drain_id, "zone": settings.PLATFORM_TIME_ZONE, **policy_values(policy)}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        said, fresh = cursor.fetchone()
    return said, fresh


def policy_values(policy: EngagementPolicy) -> dict[str, float]:
    """What statements know of a policy."""
    return {
        "rate": decay.rate(policy.half_life_hours),
        "weight_view": policy.weight_view,
        "weight_click": policy.weight_click,
        "weight_cart": policy.weight_cart,
        "weight_purchase": policy.weight_purchase,
    }
