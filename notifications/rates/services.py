"""How fast a channel may be used: a bucket of tokens that all workers together take from."""

from uuid import UUID

from django.db import connection, transaction

from marketplace.core import audit
from marketplace.core.clock import db_now, now_sql

from .models import SendingRate

# Only what is there by the database's clock is given out, by one statement: of many at once each sees what the others
# took. A clock that was set back fills nothing.
_TAKE = """
UPDATE {table} SET tokens = {filled} - %s, filled_at = {now}
WHERE channel = %s AND {filled} >= %s
"""
_SECONDS = {
    "postgresql": "GREATEST(0, EXTRACT(EPOCH FROM ({now} - filled_at)))",
    "sqlite": "MAX(0, (JULIANDAY({now}) - JULIANDAY(filled_at)) * 86400.0)",
}


def at_once(channel: str) -> int | None:
    """How many may go out in one go; None: no limit is set."""
    return SendingRate.objects.filter(pk=channel).values_list("burst", flat=True).first()


def take_tokens(channel: str, count: int) -> bool:
    """Take that many tokens, all or none; False while they are not there. Call it for a channel that has a limit."""
    vendor = connection.vendor
    now, least = now_sql(connection), "MIN" if vendor == "sqlite" else "LEAST"
    seconds = _SECONDS[vendor].format(now=now)
    filled = f"{least}(burst, tokens + per_second * {seconds})"
    statement = _TAKE.format(table=SendingRate._meta.db_table, filled=filled, now=now)
    with connection.cursor() as cursor:
        cursor.execute(statement, [count, channel, count])
        return bool(cursor.rowcount)


@transaction.atomic
def set_rate(*, channel: str, per_second: int, burst: int, actor_id: UUID | None) -> SendingRate:
    """Set a channel's limit; the bucket begins empty where there was none."""
    known = SendingRate.objects.filter(pk=channel).first()
    SendingRate.objects.bulk_create(
        [SendingRate(channel=channel, per_second=per_second, burst=burst, filled_at=db_now())],
        update_conflicts=True,
        unique_fields=["channel"],
        update_fields=["per_second", "burst"],
    )
    rate = SendingRate.objects.get(pk=channel)
    audit.record(
        actor_id=actor_id,
        action="notifications.set_sending_rate",
        subject=rate,
        before={"per_second": known.per_second, "burst": known.burst} if known else {},
        after={"per_second": per_second, "burst": burst},
    )
    return rate


@transaction.atomic
def drop_rate(*, rate: SendingRate, actor_id: UUID | None) -> None:
    """No limit any more."""
    audit.record(
        actor_id=actor_id,
        action="notifications.drop_sending_rate",
        subject=rate,
        before={"per_second": rate.per_second, "burst": rate.burst},
    )
    rate.delete()
