"""Running the invariants."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from .invariants import Invariant

SHOWN = 20
OVERDUE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Fault:
    """An invariant that does not hold, with the first rows that break it."""

    invariant: Invariant
    rows: tuple[tuple[Any, ...], ...]


def find_faults(invariants: Iterable[Invariant], *, at: datetime, is_full: bool) -> list[Fault]:
    """Ask each invariant (the fast ones only, unless full); an empty list is health."""
    values = {"overdue": connection.ops.adapt_datetimefield_value(at - OVERDUE)}
    found = []
    for invariant in invariants:
        if is_full or invariant.is_fast:
            with connection.cursor() as cursor:
                cursor.execute(invariant.sql, values if "%(" in invariant.sql else None)
                rows = tuple(cursor.fetchmany(SHOWN))
            if rows:
                found.append(Fault(invariant, rows))
    return found
