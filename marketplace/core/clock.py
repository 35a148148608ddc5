"""The database's clock, for deadlines that several parties race for (holds, leases, tokens).

Application servers disagree about the time; the database is one. Everything that is not raced
receives `at` as a value instead.
"""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DateTimeField, Func
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

# Six digits after the second, as Django stores datetimes there, so that comparing texts compares moments.
_SQLITE_NOW = "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')"


class DbNow(Func):
    """The moment at which the database evaluates the statement, not the transaction's start."""

    function = "CLOCK_TIMESTAMP"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        return _SQLITE_NOW, ()


def db_now() -> DbNow:
    """The database's clock as an expression; add a `timedelta` to it for a deadline."""
    return DbNow()


def now_sql(connection: Any) -> str:
    """The same for hand-written statements. Execute them with parameters: percent signs are doubled."""
    return _SQLITE_NOW if connection.vendor == "sqlite" else "CLOCK_TIMESTAMP()"


def read_db_now(using: str = DEFAULT_DB_ALIAS) -> datetime:
    """The database's clock as a value (one query)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {now_sql(connection)}", [])
        value: datetime | str = cursor.fetchone()[0]
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value


def platform_day(at: datetime) -> date:
    """The day `at` falls on in the platform's time zone (caps and limits are counted in it)."""
    return timezone.localtime(at, ZoneInfo(settings.PLATFORM_TIME_ZONE)).date()


def day_begins(day: date) -> datetime:
    """The first moment of a day in the platform's time zone; the next day's is where it ends."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.PLATFORM_TIME_ZONE))
