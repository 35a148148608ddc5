"""Reports as JSON has them, and as a file for spreadsheets."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace.core.http.fields import money_json
from marketplace.core.money import Money
from marketplace.core.spreadsheets import neutralised

from .values import Period, Report, Row, Series, Table, Value

_BOM: Final = "\ufeff"
DECIMALS: Final = 6


def as_json(report: Report) -> dict[str, Any]:
    """Figures, series and tables by their names."""
    period = report.period
    return {
        "report": report.key,
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "compared_with": _period_json(period.before),
        "currency": report.currency,
        "figures": {
            figure.key: {
                "label": str(figure.label),
                "kind": figure.kind,
                "value": value_json(figure.value),
                "before": value_json(figure.before),
                "change": value_json(figure.change),
                "url": figure.url,
            }
            for figure in report.figures
        },
        "series": {each.key: _series_json(each) for each in report.series},
        "tables": {table.key: _table_json(table) for table in report.tables},
        "notes": [str(note) for note in report.notes],
    }


def value_json(value: Value) -> Any:
    """Money as an object, fractions to six decimals."""
    match value:
        case Money():
            return money_json(value)
        case float():
            return round(value, DECIMALS)
    return value


def as_csv(report: Report) -> Iterator[str]:
    """Blocks one below the other, each under its title, with the mark by which spreadsheets know UTF-8.

    Texts that a spreadsheet would run begin with an apostrophe; numbers are plain ones, fractions not percents.
    """
    line = io.StringIO()
    writer = csv.writer(line)

    def written(cells: Sequence[Value]) -> str:
        line.seek(0)
        line.truncate()
        writer.writerow([_cell(cell) for cell in cells])
        return line.getvalue()

    yield _BOM
    yield from map(written, _lines(report))


def _lines(report: Report) -> Iterator[Sequence[Value]]:
    period = report.period
    yield [str(report.title), report.currency]
    yield [_("From"), period.first.isoformat(), _("to"), period.last.isoformat()]
    if period.before:
        before = period.before
        yield [_("Compared with"), before.first.isoformat(), _("to"), before.last.isoformat()]
    yield []
    yield [_("Figure"), _("Now"), _("Before"), _("Change")]
    for figure in report.figures:
        yield [str(figure.label), figure.value, figure.before, figure.change]
    for each in report.series:
        yield []
        yield [str(each.label)]
        yield [_("Day"), _("Now"), _("Before")]
        for day, now, then in zip_longest(each.days, each.values, each.before):
            yield [day.isoformat(), now, then]
    for table in report.tables:
        yield []
        yield [str(table.label)]
        yield [str(column.label) for column in table.columns]
        for row in table.rows:
            yield row.values


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case Money():
            return f"{value.decimal:f}"
        case float():
            return f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
        case int():
            return str(value)
    return neutralised(value)


def _period_json(period: Period | None) -> dict[str, str] | None:
    return None if period is None else {"from": period.first.isoformat(), "to": period.last.isoformat()}


def _series_json(series: Series) -> dict[str, Any]:
    return {
        "label": str(series.label),
        "kind": series.kind,
        "days": [day.isoformat() for day in series.days],
        "values": [value_json(value) for value in series.values],
        "before": [value_json(value) for value in series.before],
    }


def _table_json(table: Table) -> dict[str, Any]:
    columns = [{"key": each.key, "label": str(each.label), "kind": each.kind} for each in table.columns]
    return {"label": str(table.label), "columns": columns, "rows": [_row_json(table, row) for row in table.rows]}


def _row_json(table: Table, row: Row) -> dict[str, Any]:
    values = {column.key: value_json(value) for column, value in zip(table.columns, row.values, strict=True)}
    return {"values": values, "url": row.url}
