"""The admin's first page: each context's figures, what was sold lately, and how the machinery is doing.

Figures of the whole house are for people with Django's view permission on the rows behind them; a department's
clerk, whose keys reach only some rows, sees the pages they may open instead.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _

from funds import facade as funds
from marketplace.core.clock import platform_day
from marketplace.core.kpis import Kpi
from marketplace.core.money import Money
from marketplace.core.outbox.models import EventDelivery
from marketplace.core.outbox.relay import outbox_lag
from notifications import facade as notifications
from promotions import facade as promotions
from purchases import facade as purchases
from stores import facade as stores
from users import facade as users

CHART_DAYS = 14
HEADLINES = 4


@dataclass(frozen=True, slots=True)
class Figure:
    """A card of the dashboard."""

    label: Any
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """Figures of one context."""

    title: Any
    figures: list[Figure]


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the dashboard template shows to this person."""
    context = {**context, "title": _("Dashboard")}
    if not request.user.get_all_permissions():
        return {**context, "sections": [part for part in context["sidebar_navigation"] if part.get("title")]}
    groups = [Group(title, _figures(request, source())) for title, source in SOURCES]
    # The first figure of the first contexts is the headline; the rest follows below the charts, by context.
    headlines = [figure for group in groups[:HEADLINES] for figure in group.figures[:1]]
    rest = [Group(group.title, [figure for figure in group.figures if figure not in headlines]) for group in groups]
    return {
        **context,
        "headlines": headlines,
        "charts": sales_charts() if request.user.has_perm("purchases.view_order") else [],
        "groups": [group for group in rest if group.figures],
    }


def machinery_kpis() -> list[Kpi]:
    """How far the outbox is behind, and what waits for a person."""
    parked = EventDelivery.objects.filter(state=EventDelivery.State.PARKED).count()
    lag = max(outbox_lag(), timedelta(0))
    return [
        Kpi(_("Outbox lag"), f"{lag.total_seconds():.1f} s", "admin:core_outboxevent_changelist"),
        Kpi(_("Events set aside"), str(parked), "admin:core_eventdelivery_changelist"),
    ]


SOURCES: list[tuple[Any, Callable[[], list[Kpi]]]] = [
    (_("Promotions"), promotions.kpis),
    (_("Orders"), purchases.kpis),
    (_("Money"), funds.kpis),
    (_("People"), users.kpis),
    (_("Stores and catalogue"), stores.kpis),
    (_("Notifications"), notifications.kpis),
    (_("Machinery"), machinery_kpis),
]


def sales_charts() -> list[dict[str, str]]:
    """Orders and revenue of the last days in the default currency, as the bundled chart.js takes them."""
    at = timezone.now()
    currency = settings.DEFAULT_CURRENCY
    today = platform_day(at)
    days = [today - timedelta(days=back) for back in range(CHART_DAYS - 1, -1, -1)]
    sales = {
        row.day: row
        for row in purchases.sales_by_day(at, CHART_DAYS, with_imported=True)
        if row.revenue.currency == currency
    }
    revenue = [float((sales[day].revenue if day in sales else Money.zero(currency)).decimal) for day in days]
    orders = [sales[day].orders if day in sales else 0 for day in days]
    return [
        _chart(_("Revenue, last 14 days (%(currency)s)") % {"currency": currency}, "line", days, revenue),
        _chart(_("Paid orders, last 14 days"), "bar", days, orders),
    ]


def _chart(title: Any, kind: str, days: list[date], values: list[Any]) -> dict[str, str]:
    data = {
        "labels": [formats.date_format(day, "j M") for day in days],
        "datasets": [
            {
                "label": str(title),
                "data": values,
                "borderColor": "var(--color-primary-600)",
                "backgroundColor": "var(--color-primary-600)",
                "displayYAxis": True,
                "maxTicksXLimit": 7,
                "maxBarThickness": 24,
            }
        ],
    }
    return {"title": str(title), "kind": kind, "data": json.dumps(data)}


def _figures(request: HttpRequest, kpis: list[Kpi]) -> list[Figure]:
    return [figure for kpi in kpis if (figure := _figure(request, kpi)) is not None]


def _figure(request: HttpRequest, kpi: Kpi) -> Figure | None:
    try:
        url = reverse(kpi.link)
    except NoReverseMatch:  # no page behind it: for administrators
        return Figure(kpi.label, kpi.value, "") if request.user.is_superuser else None
    # The link names the rows: admin:<app>_<model>_changelist.
    app_label, model = kpi.link.removeprefix("admin:").removesuffix("_changelist").rsplit("_", 1)
    return Figure(kpi.label, kpi.value, url) if request.user.has_perm(f"{app_label}.view_{model}") else None
