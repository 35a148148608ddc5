"""What a report is made of: figures, lines over days, tables. How they are shown is for the page, the API, the file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from marketplace.core.money import Money

Value = int | float | str | Money | None
Label = Any
"""A text or a lazy translation."""

COUNT, RATIO, CHANGE, MONEY, DAYS, TEXT = "count", "ratio", "change", "money", "days", "text"
KINDS: Final = (COUNT, RATIO, CHANGE, MONEY, DAYS, TEXT)
"""Ratios and changes are fractions: 0.25 is 25 %, and a change of 0.25 is + 25 %."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days of a report, both ends included, and the days they are compared with, as many."""

    first: date
    last: date
    before: "Period | None" = None

    @property
    def days(self) -> list[date]:
        """All of them, in order."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def shifted(self, days: int) -> "Period":
        """So many days earlier, without a comparison of its own."""
        back = timedelta(days=days)
        return Period(self.first - back, self.last - back)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. `before` is that of the days compared with; `url` leads to the rows behind it; `needs` is the
    permission to see them, and so the figure.
    """

    key: str
    label: Label
    kind: str
    value: Value
    before: Value = None
    url: str = ""
    needs: str = ""

    @property
    def change(self) -> float | None:
        """From before to now, as a fraction of before; none where that says nothing."""
        now, before = _number(self.value), _number(self.before)
        return None if now is None or not before else (now - before) / abs(before)


@dataclass(frozen=True, slots=True)
class Series:
    """A number a day; `before` has the days compared with, the first beside the first. `shape` is line or bar."""

    key: str
    label: Label
    kind: str
    days: Sequence[date]
    values: Sequence[Value]
    before: Sequence[Value] = ()
    shape: str = "line"
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    key: str
    label: Label
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Row:
    """A row, a value for each column; `url` leads to what is behind it."""

    values: tuple[Value, ...]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. `chart` names the column that a bar chart of the rows would show."""

    key: str
    label: Label
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    needs: str = ""
    chart: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All of it. `notes` are sentences that a reader needs to read the numbers rightly."""

    key: str
    title: Label
    period: Period
    currency: str
    figures: tuple[Figure, ...] = ()
    series: tuple[Series, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[Label, ...] = ()

    def seen_by(self, user: Any) -> "Report":
        """Only what the person may see the rows behind of."""

        def allowed(part: Any) -> bool:
            return not part.needs or user.has_perm(part.needs)

        return Report(
            key=self.key,
            title=self.title,
            period=self.period,
            currency=self.currency,
            figures=tuple(filter(allowed, self.figures)),
            series=tuple(filter(allowed, self.series)),
            tables=tuple(filter(allowed, self.tables)),
            notes=self.notes,
        )


def share(part: float, whole: float) -> float | None:
    """The part as a fraction of the whole; none of nothing."""
    return part / whole if whole else None


def _number(value: Value) -> float | None:
    match value:
        case Money():
            return float(value.minor)
        case int() | float():
            return float(value)
    return None
