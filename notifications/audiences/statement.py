"""Telling an audience: set-wise in the database, in chunks by customer key, resumable, harmless twice."""

from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import BigIntegerField, DateField, F, Value

from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from users import facade as users
from users.contracts import Audience

from .models import FanOut
from .reach import LAST_KEY, Rows, reached, reached_between
from .rules import rule_of

CHUNK: Final = 10_000
"""So many rows are written in one transaction at most: about 60 ms of PostgreSQL."""
STRETCH: Final = 100_000
"""So many places are looked through in one transaction at most, however few of them belong to the audience."""
SMALL: Final = 5 * CHUNK
"""Up to so many people are found through the index by place; more are met by walking all customers."""


class People(NamedTuple):
    """Who may be told next: of these rows, in key order, the first `most`; there are no others up to `upper`."""

    rows: Rows
    upper: UUID
    most: int


class Chunk(NamedTuple):
    """What one chunk came to: how many were told, and up to which key everybody has been asked."""

    inserted: int
    upper: UUID


def tell_audience(run: FanOut, *, chunk: int = CHUNK, stretch: int = STRETCH) -> int:
    """Put the message into the inbox of everybody in the run's audience who takes its kind, chunk by chunk; how many.

    Each chunk commits on its own, with the run's progress and the fact (`InboxFilled`) in the same transaction. It
    holds the run's row: two workers at once take turns and never write the same range, and a run that was stopped is
    left at once. Whoever has the message already, or had the day's one, is passed over by the table's unique
    constraints, so that a replay adds nothing. The audience is asked anew per chunk, by key range: who moves, leaves
    or opts out between two chunks is judged by the moment of their own.
    """
    told, walk = 0, _Walk(run, chunk, stretch)
    while (done := walk.next_chunk()) is not None:
        told += done.inserted
        if done.upper == LAST_KEY:
            break
    return told


class _Walk:
    """One worker's way through an audience, in key order.

    A small audience is asked as a whole: PostgreSQL finds it by place or segment and sorts it, in milliseconds. For a
    large one all customers are walked, so that nothing has to be sorted; the walk is cut into stretches, so that a
    region without anybody in it makes no long transaction.
    """

    def __init__(self, run: FanOut, chunk: int, stretch: int) -> None:
        self._run_id = run.pk
        self._chunk = chunk
        self._stretch = stretch
        self._is_small = _is_small(rule_of(run))
        self._upper = LAST_KEY if self._is_small else run.told_up_to
        self._write = _write_plainly if connection.vendor == "postgresql" else _write_in_two_passes

    @transaction.atomic
    def next_chunk(self) -> Chunk | None:
        """Write it, with progress and fact. None: somebody has finished or stopped the run."""
        [run] = lock(LockRank.NOTICE, FanOut.objects.select_related("message").filter(pk=self._run_id))
        if run.finished_at is not None or run.stopped_at is not None:
            return None
        done = self._written(run, self._next_people(run))
        _advance(run, done)
        return done

    def _next_people(self, run: FanOut) -> People:
        kind, rule, after = run.message.kind, rule_of(run), run.told_up_to
        if self._is_small:
            rows = reached(kind, rule, after=after)
        else:
            if self._upper <= after:
                self._upper = users.end_of_places(after, self._stretch) or LAST_KEY
            rows = reached_between(kind, rule, after=after, upper=self._upper)
        return People(rows.order_by("customer"), self._upper, self._chunk)

    def _written(self, run: FanOut, people: People) -> Chunk:
        try:
            with transaction.atomic():
                return self._write(run, people)
        except IntegrityError:
            # Somebody of this chunk was told before: so were others, very likely.
            self._write = _write_the_missing
        return self._write(run, people)


def _is_small(audience: Audience) -> bool:
    """Whether place and segments alone leave few: looked at no further than `SMALL`."""
    if audience.radius_km is None and not audience.segment_ids:
        return False
    by_place = users.places_in(replace(audience, tiers=frozenset(), ordered_since=None))
    return by_place.values("customer")[: SMALL + 1].count() <= SMALL


def _write_plainly(run: FanOut, people: People) -> Chunk:
    """Raises `IntegrityError` when somebody has the message, or the day's one, already.

    Nearly always nobody has: asking the unique indexes first, as ON CONFLICT does, costs as much again as writing.
    """
    return _write_in_one_pass(run, people, "")


def _write_the_missing(run: FanOut, people: People) -> Chunk:
    return _write_in_one_pass(run, people, "ON CONFLICT DO NOTHING")


def _write_in_one_pass(run: FanOut, people: People, on_conflict: str) -> Chunk:
    """Who is found is written and counted by one statement: the audience is looked through once."""
    found, params = people.rows[: people.most].query.sql_with_params()
    statement = f"""
        WITH found AS MATERIALIZED ({found}),
        written AS (
            INSERT INTO {InboxItem._meta.db_table} (customer, message_id, created_at, cap_day)
            SELECT customer, %s, CLOCK_TIMESTAMP(), %s::date FROM found
            {on_conflict}
            RETURNING 1
        )
        SELECT (SELECT COUNT(*) FROM written),
               (SELECT customer FROM found OFFSET %s LIMIT 1)
    """  # noqa: S608 - our own table and the ORM's statement
    with connection.cursor() as cursor:
        cursor.execute(statement, [*params, run.message_id, run.cap_day, people.most - 1])
        inserted, last = cursor.fetchone()
    return Chunk(int(inserted), last or people.upper)


def _write_in_two_passes(run: FanOut, people: People) -> Chunk:
    """Without data-changing WITH: first the key of the last one, then everybody up to it."""
    rows = people.rows
    last = next(iter(rows[people.most - 1 : people.most]), people.upper)
    values = (
        rows.filter(customer__lte=last)
        .annotate(
            item_message=Value(run.message_id, BigIntegerField()),
            item_created_at=db_now(),
            item_cap_day=Value(run.cap_day, DateField()),
        )
        .values_list("customer", "item_message", "item_created_at", "item_cap_day")
    )
    select, params = values.query.sql_with_params()
    table = InboxItem._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (customer, message_id, created_at, cap_day) {select} ON CONFLICT DO NOTHING",
            params,
        )
        return Chunk(int(cursor.rowcount), last)


def _advance(run: FanOut, done: Chunk) -> None:
    FanOut.objects.filter(pk=run.pk).update(
        told_count=F("told_count") + done.inserted,
        told_up_to=done.upper,
        finished_at=db_now() if done.upper == LAST_KEY else None,
    )
    if done.inserted:
        publish(
            InboxFilled(
                message_id=run.message_id,
                from_customer=UUID(int=run.told_up_to.int + 1),
                to_customer=done.upper,
                channels=tuple(run.channels),
            )
        )
