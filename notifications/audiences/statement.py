"""Telling an audience: set-wise in the database, in chunks by customer key, resumable, harmless twice."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import BigIntegerField, DateField, F, QuerySet, Value

from marketplace.core.clock import db_now
from marketplace.core.outbox.publishing import publish
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from users import facade as users

from .models import FanOut
from .rules import rule_of

CHUNK = 10_000
LAST_KEY = UUID(int=2**128 - 1)

Rows = QuerySet[Any, Any]


def tell_audience(run: FanOut, *, at: datetime, chunk: int = CHUNK) -> int:
    """Put the message into the inbox of everybody in the run's audience, chunk by chunk; how many.

    Each chunk commits on its own, with the run's progress and the fact (`InboxFilled`) in the same transaction. Whoever
    has the message already, or had the day's one, is passed over by the table's unique constraints: two workers at
    once, or a replay, add nothing. The audience is asked anew per chunk, by key range, so that no transaction is long.
    """
    told = 0
    audience = users.places_in(rule_of(run))
    while run.finished_at is None and run.stopped_at is None:
        upper = _end_of_chunk(audience, run.told_up_to, chunk)
        with transaction.atomic():
            inserted = _insert_items(run, audience, upper)
            _advance(run, upper, inserted, at)
        told += inserted
    return told


def _end_of_chunk(audience: Rows, after: UUID, chunk: int) -> UUID:
    rows = audience.filter(customer__gt=after).order_by("customer")
    for last in rows.values_list("customer", flat=True)[chunk - 1 : chunk]:
        found: UUID = last
        return found
    return LAST_KEY


def _insert_items(run: FanOut, audience: Rows, upper: UUID) -> int:
    rows = (
        audience.filter(customer__gt=run.told_up_to, customer__lte=upper)
        .order_by("customer")
        .annotate(
            item_message=Value(run.message_id, BigIntegerField()),
            item_created_at=db_now(),
            item_cap_day=Value(run.cap_day, DateField()),
        )
        .values_list("customer", "item_message", "item_created_at", "item_cap_day")
    )
    select, params = rows.query.sql_with_params()
    table = InboxItem._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (customer, message_id, created_at, cap_day) {select} ON CONFLICT DO NOTHING",
            params,
        )
        return int(cursor.rowcount)


def _advance(run: FanOut, upper: UUID, inserted: int, at: datetime) -> None:
    # Another worker on the same run may be further already: progress only goes up, and this one goes on from there.
    FanOut.objects.filter(pk=run.pk).update(told_count=F("told_count") + inserted)
    FanOut.objects.filter(pk=run.pk, told_up_to__lt=upper).update(
        told_up_to=upper, finished_at=at if upper == LAST_KEY else None
    )
    if inserted:
        publish(
            InboxFilled(
                message_id=run.message_id,
                from_customer=run.told_up_to,
                to_customer=upper,
                channels=tuple(run.channels),
            )
        )
    run.refresh_from_db(fields=["told_up_to", "told_count", "finished_at", "stopped_at"])
