"""What a request did to the rows: which tables it wrote to, and whether anything is there that must not be."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection

from users.models import User

Row = tuple[Any, ...]
_WRITTEN: Final = re.compile(r'(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)"?', re.I)
# Counting those who knock is no change of what they knocked for.
OF_THE_DOOR: Final = frozenset({"axes_accessattempt", "axes_accessfailurelog", "django_session"})
PEOPLE: Final = User._meta.db_table


class Rows:
    """The rows as they are before every request, table by table, read when first asked for."""

    def __init__(self) -> None:
        self._before: dict[str, Counter[Row]] = {}
        self.written: set[str] = set()

    def prepare(self) -> None:
        """Read everything now: later on it would be too late."""
        for table in connection.introspection.table_names():
            self._before[table] = rows_of(table)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Notes which tables statements write to."""
        self.written = set()

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            self.written.update(name for name in _WRITTEN.findall(sql) if name in self._before)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            yield

    def changed(self) -> list[str]:
        """Tables that are not as before, those of the door aside."""
        return [name for name in sorted(self.written - OF_THE_DOOR) if rows_of(name) != self._before[name]]

    def missing(self, mark: str) -> list[str]:
        """Tables where a row that speaks of `mark` is gone or different."""
        found = []
        for name in sorted(self.written - OF_THE_DOOR):
            own = Counter(row for row in self._before[name] if any(mark in str(cell) for cell in row))
            if own and own - rows_of(name):
                found.append(name)
        return found

    def holding(self, marks: tuple[str, ...]) -> list[str]:
        """Tables where a new row, or a changed one, holds one of these values."""
        found = []
        for name in sorted(self.written - OF_THE_DOOR):
            new = rows_of(name) - self._before[name]
            found += [f"{mark} in {name}" for mark in marks if any(mark in str(cell) for row in new for cell in row)]
        return found

    def raised(self) -> list[str]:
        """Accounts that may do more than before."""
        if PEOPLE not in self.written:
            return []
        columns = [field.column for field in User._meta.concrete_fields]
        may = [columns.index(name) for name in ("is_staff", "is_superuser")]
        key = columns.index("id")
        before = {row[key]: row for row in self._before[PEOPLE]}
        now = rows_of(PEOPLE)
        return [
            str(row[key])
            for row in now
            if any(row[each] > (before[row[key]][each] if row[key] in before else 0) for each in may)
        ]


def rows_of(table: str) -> Counter[Row]:
    """Every row of a table, in the order of the model's columns where it is the accounts'."""
    columns = ", ".join(f'"{field.column}"' for field in User._meta.concrete_fields) if table == PEOPLE else "*"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT {columns} FROM "{table}"')  # noqa: S608 - names of our own tables
        return Counter(map(tuple, cursor.fetchall()))


def digest(tables: list[str]) -> str:
    """One word for all rows of these tables."""
    text = repr([(name, sorted(map(repr, rows_of(name).elements()))) for name in tables])
    return hashlib.sha256(text.encode()).hexdigest()
