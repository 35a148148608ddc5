"""Sums by platform day, made anew by assignment for days that were touched: twice is once."""

from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction

from marketplace.core.clock import platform_day
from promotions.engagement.models import (
    CustomerEngagementDaily,
    DayFunnel,
    EngagementEvent,
    EventKind,
    ProductEngagementDaily,
    TouchedDay,
)

_OF_KIND: Final = {
    "impressions": EventKind.IMPRESSION,
    "views": EventKind.VIEW,
    "clicks": EventKind.CLICK,
    "carts": EventKind.ADD_TO_CART,
    "purchases": EventKind.PURCHASE,
}
_COUNTS: Final = {name: f"count(*) FILTER (WHERE kind = {int(kind)})" for name, kind in _OF_KIND.items()}
_ACTORS: Final = {
    f"{name}_actors": f"count(DISTINCT CASE WHEN kind = {int(kind)} AND NOT is_suspect THEN actor END)"
    for name, kind in (
        ("view", EventKind.VIEW),
        ("click", EventKind.CLICK),
        ("cart", EventKind.ADD_TO_CART),
        ("purchase", EventKind.PURCHASE),
    )
}


def rebuild_days(*, at: datetime) -> list[date]:
    """Make the sums of every touched day anew from its events; which days.

    A day whose events are being forgotten already keeps the sums it has. An event that is counted meanwhile touches its
    day again, so the next call makes that day once more.
    """
    kept_from = first_kept_day(at)
    rebuilt = []
    for day, touched_at in TouchedDay.objects.order_by("day").values_list("day", "touched_at"):
        if day >= kept_from:
            rebuild_day(day)
            rebuilt.append(day)
        # Only if nobody has touched it since we looked: a drain under way holds the row until its events are there.
        TouchedDay.objects.filter(day=day, touched_at=touched_at).delete()
    return rebuilt


def first_kept_day(at: datetime) -> date:
    """The oldest platform day all of whose events are still kept."""
    return platform_day(at) - timedelta(days=settings.EVENTS_KEPT_DAYS)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """A platform day's first moment, and the next one's."""
    zone = ZoneInfo(settings.PLATFORM_TIME_ZONE)
    return datetime.combine(day, time.min, zone), datetime.combine(day + timedelta(days=1), time.min, zone)


@transaction.atomic
def rebuild_day(day: date) -> None:
    """The three tables of one day, from the events that are kept; three statements."""
    good = "NOT is_suspect"
    _assign(
        ProductEngagementDaily._meta.db_table,
        day,
        {"product_id": "product_id"},
        {
            **_COUNTS,
            "units": f"COALESCE(sum(CASE WHEN kind = {int(EventKind.PURCHASE)} THEN quantity END), 0)",
            "actors": "count(DISTINCT actor)",
        },
        good,
    )
    _assign(
        CustomerEngagementDaily._meta.db_table,
        day,
        {"customer_id": "customer_id"},
        _COUNTS,
        f"{good} AND customer_id IS NOT NULL",
    )
    counts = {name: f"count(*) FILTER (WHERE kind = {int(kind)} AND NOT is_suspect)" for name, kind in _OF_KIND.items()}
    suspects = {"suspects": "count(*) FILTER (WHERE is_suspect)"}
    _assign(DayFunnel._meta.db_table, day, {}, {**counts, **_ACTORS, **suspects}, "TRUE")


def _assign(table: str, day: date, keys: dict[str, str], values: dict[str, str], where: str) -> None:
    """One upsert that both engines understand; names and expressions are the ones written above."""
    columns = ", ".join(["day", *keys, *values])
    expressions = ", ".join(["%s", *keys.values(), *values.values()])
    grouped = f"GROUP BY {', '.join(keys.values())} ORDER BY {', '.join(keys.values())}" if keys else ""
    statement = f"""
        INSERT INTO {table} ({columns})
        SELECT {expressions} FROM {EngagementEvent._meta.db_table} WHERE at >= %s AND at < %s AND {where} {grouped}
        ON CONFLICT ({", ".join(["day", *keys])})
        DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in values)}
    """  # noqa: S608
    first, end = day_bounds(day)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_day(day), _moment(first), _moment(end)])


def _day(day: date) -> Any:
    return connection.ops.adapt_datefield_value(day)


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
