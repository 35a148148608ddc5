"""The reports in the back office: tabs, days to choose, cards, charts, tables, a file to take away."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.core.clock import platform_day
from marketplace.core.formatting import shown_amount, shown_number
from marketplace.core.money import Money

from .asking import NONE, PREVIOUS, YEAR, ReportQuerySerializer
from .presenting import as_csv
from .reports import REPORTS
from .values import CHANGE, DAYS, RATIO, Column, Figure, Report, Row, Series, Table, Value

TEMPLATE: Final = "admin/analytics.html"
HEADLINES: Final = 4
SMALL: Final = 0.1
NOW_COLOUR, BEFORE_COLOUR = "var(--color-primary-600)", "var(--color-base-400)"
COMPARISONS: Final = (
    (PREVIOUS, gettext_lazy("the days before")),
    (YEAR, gettext_lazy("the same weekdays a year ago")),
    (NONE, gettext_lazy("nothing")),
)
# What rises is not always good news.
_BAD_WHEN_MORE: Final = frozenset({"refunds", "stock_out", "stock_low", "points_expired", "points_reversed"})


def analytics(request: HttpRequest, report: str = "overview") -> HttpResponse:
    """One of the reports, for whoever may see the rows that it is about."""
    if report not in REPORTS:
        raise Http404
    tabs = [kind for kind in REPORTS.values() if request.user.has_perm(kind.needs)]
    if REPORTS[report] not in tabs:
        raise PermissionDenied
    at = timezone.now()
    query, errors = _read(request, platform_day(at))
    built = REPORTS[report].build(query["period"], query["currency"], at).seen_by(request.user)
    if query["format"] == "csv":
        return _file(built)
    asked = {name: request.GET[name] for name in ("from", "to", "compare", "currency") if request.GET.get(name)}
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Analytics: %(report)s") % {"report": built.title},
        "report": built,
        "errors": errors,
        "tabs": [(kind.title, _address(kind.key, asked), kind.key == report) for kind in tabs],
        "file": _address(report, {**asked, "format": "csv"}),
        "comparisons": COMPARISONS,
        "compare": query["compare"],
        "headlines": [_card(figure) for figure in built.figures[:HEADLINES]],
        "cards": [_card(figure) for figure in built.figures[HEADLINES:]],
        "charts": [*map(_line, built.series), *(_bars(table) for table in built.tables if table.chart and table.rows)],
        "tables": [(table, [_shown_row(table, row) for row in table.rows]) for table in built.tables],
    }
    return TemplateResponse(request, TEMPLATE, context)


def _read(request: HttpRequest, today: date) -> tuple[dict[str, Any], list[str]]:
    """What was asked; where that is no good the usual days, and what was wrong."""
    asked = {name: value for name, value in request.GET.items() if value}
    query = ReportQuerySerializer(data=asked, context={"today": today})
    if query.is_valid():
        return query.validated_data, []
    usual = ReportQuerySerializer(data={}, context={"today": today})
    usual.is_valid(raise_exception=True)
    return usual.validated_data, [str(error) for errors in query.errors.values() for error in errors]


def _file(report: Report) -> HttpResponse:
    name = f"{report.key}-{report.period.first}-{report.period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    answer: Any = StreamingHttpResponse(as_csv(report), content_type="text/csv; charset=utf-8", headers=headers)
    return answer  # type: ignore[no-any-return]


def _address(report: str, query: dict[str, str]) -> str:
    address = reverse("backoffice:analytics", args=[report])
    return f"{address}?{urlencode(query)}" if query else address


def shown(value: Value, kind: str) -> str:
    """A value as a person reads it."""
    match value:
        case None:
            return "–"
        case Money():
            return shown_amount(value)
        case str():
            return value
    if kind == RATIO:
        return f"{formats.number_format(value * 100, 1)} %"
    if kind == CHANGE:
        # Small ones to a tenth: minus nothing is no news.
        percent = round(value * 100, 1 if abs(value) < SMALL else 0)
        sign = "+" if percent > 0 else ""
        return f"{sign}{shown_number(percent, 1 if abs(value) < SMALL else 0)} %" if percent else "0 %"
    return formats.number_format(value, 1 if kind == DAYS else 0, force_grouping=True)


def _card(figure: Figure) -> dict[str, Any]:
    change = figure.change
    good = None if not change or abs(change) < 0.0005 else (change > 0) != (figure.key in _BAD_WHEN_MORE)
    return {
        "label": figure.label,
        "value": shown(figure.value, figure.kind),
        "before": shown(figure.before, figure.kind) if figure.before is not None else "",
        "change": "" if change is None else shown(change, CHANGE),
        "is_good": good,
        "url": figure.url,
    }


def _line(series: Series) -> dict[str, Any]:
    labels = [formats.date_format(day, "j M") for day in series.days]
    sets = [_dataset(_("now"), [_plotted(value, series.kind) for value in series.values], NOW_COLOUR)]
    if series.before:
        sets.append(_dataset(_("before"), [_plotted(value, series.kind) for value in series.before], BEFORE_COLOUR))
    return _chart(series.label, series.shape, labels, sets)


def _bars(table: Table) -> dict[str, Any]:
    place = [column.key for column in table.columns].index(table.chart)
    # What is not known is no bar of nothing.
    rows = [row for row in table.rows if row.values[place] is not None]
    labels = [capfirst(str(row.values[0])) for row in rows]
    values = [_plotted(row.values[place], table.columns[place].kind) for row in rows]
    return _chart(table.label, "bar", labels, [_dataset(str(table.columns[place].label), values, NOW_COLOUR)])


def _dataset(label: str, values: Sequence[float | None], colour: str) -> dict[str, Any]:
    return {
        "label": label,
        "data": list(values),
        "borderColor": colour,
        "backgroundColor": colour,
        "displayYAxis": True,
        "maxTicksXLimit": 8,
        "maxBarThickness": 24,
    }


def _chart(title: Any, kind: str, labels: Sequence[str], sets: list[dict[str, Any]]) -> dict[str, Any]:
    return {"title": title, "kind": kind, "data": json.dumps({"labels": list(labels), "datasets": sets})}


def _plotted(value: Value, kind: str) -> float | None:
    """Amounts in major units, rates in percent."""
    match value:
        case Money():
            return float(value.decimal)
        case int() | float():
            return round(value * 100, 2) if kind in {RATIO, CHANGE} else value
    return None


def _shown_row(table: Table, row: Row) -> tuple[list[tuple[str, bool]], str]:
    cells = zip(table.columns, row.values, strict=True)
    return [_shown_cell(column, value) for column, value in cells], row.url


def _shown_cell(column: Column, value: Value) -> tuple[str, bool]:
    """The text, and whether it is a number."""
    return shown(value, column.kind), not isinstance(value, str)
