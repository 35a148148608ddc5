"""The database's clock, for deadlines that several parties race for (holds, leases, tokens).

Application servers disagree about the time; the database is one. Everything that is not raced
receives `at` as a value instead.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import DateTimeField, Func
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone


class DbNow(Func):
    """The moment at which the database evaluates the statement, not the transaction's start."""

    function = "CLOCK_TIMESTAMP"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, tuple[str | int, ...]]:
        # Six digits after the second, as Django stores datetimes there, so that text comparison is right.
        return "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'now')", ()


def db_now() -> DbNow:
    """The database's clock as an expression; add a `timedelta` to it for a deadline."""
    return DbNow()


def read_db_now(using: str = DEFAULT_DB_ALIAS) -> datetime:
    """The database's clock as a value (one query)."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT STRFTIME('%Y-%m-%dT%H:%M:%f000+00:00', 'now')")
            return datetime.fromisoformat(cursor.fetchone()[0])
        cursor.execute("SELECT clock_timestamp()")
        value: datetime = cursor.fetchone()[0]
        return value


def platform_day(at: datetime) -> date:
    """The day `at` falls on in the platform's time zone (caps and limits are counted in it)."""
    return timezone.localtime(at, ZoneInfo(settings.PLATFORM_TIME_ZONE)).date()
