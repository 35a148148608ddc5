"""The five reports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from . import exposure, holdings, promoting, sales
from .values import Figure, Label, Period, Report, Series, Table

Builder = Callable[[Period, str, datetime], Report]


@dataclass(frozen=True, slots=True)
class Kind:
    """A report that can be asked for: its name, its title, the permission that opens it."""

    key: str
    title: Label
    needs: str
    build: Builder


def overview(period: Period, currency: str, at: datetime) -> Report:
    """The house on one page: sales, what was shown and clicked, promotions, loyalty, stock, money."""
    sold, shown = sales.Sales.read(period, currency), exposure.Exposure.read(period)
    members, members_before = holdings.read_loyalty(period)
    flash = promoting.flash_lifts(period, at)
    return _report(
        OVERVIEW,
        period,
        currency,
        figures=(
            *sold.figures(),
            *shown.figures(),
            *promoting.lift_figures(flash),
            *holdings.loyalty_figures(members, members_before),
            *holdings.stock_figures(),
            *holdings.funds_figures(holdings.read_funds(), currency),
        ),
        series=(*sold.series(), shown.series()),
        tables=(
            sales.by_door(period, currency),
            *exposure.slot_tables(period),
            exposure.funnel_table(period),
            holdings.levels_table(members),
        ),
        notes=(*sales.notes(period, currency), promoting.METHOD),
    )


def promotions_report(period: Period, currency: str, at: datetime) -> Report:
    """What promotions took off, and by how much they raised sales."""
    flash, campaigns = promoting.flash_lifts(period, at), promoting.campaign_lifts(period, at)
    cut = [_("There were more promotions: those that began last were measured.")]
    return _report(
        PROMOTIONS,
        period,
        currency,
        figures=(
            *promoting.lift_figures(flash),
            *promoting.lift_figures(campaigns, key="campaign_lift", label=_("Lift of campaigns")),
            *promoting.kind_figures(period, currency),
        ),
        tables=(
            promoting.lift_table("flash_promos", _("Flash promotions"), flash),
            promoting.lift_table("campaigns", _("Campaigns"), campaigns),
            promoting.benefits_table(period, currency),
        ),
        notes=(promoting.METHOD, *(cut if flash.is_cut or campaigns.is_cut else [])),
    )


def loyalty_report(period: Period, currency: str, at: datetime) -> Report:
    """Members, levels, points and what they will cost."""
    now, before = holdings.read_loyalty(period)
    return _report(
        LOYALTY,
        period,
        currency,
        figures=(*holdings.loyalty_figures(now, before), *holdings.point_figures(now, before)),
        tables=(holdings.levels_table(now), holdings.liability_table(now)),
    )


def inventory_report(period: Period, currency: str, at: datetime) -> Report:
    """How stock stands, and how long it lasts at the pace of these days."""
    sold = sales.Sales.read(period, currency)
    return _report(
        INVENTORY,
        period,
        currency,
        figures=(*holdings.stock_figures(), *holdings.shelf_figures(sold.units_a_day)),
        tables=(holdings.stores_table(), holdings.sellers_table(period, currency)),
        notes=(_("Stock is as of now; how long it lasts is at the pace of the days chosen."),),
    )


def funds_report(period: Period, currency: str, at: datetime) -> Report:
    """Whether the books balance, who holds what, what waits for a person; and what customers paid in these days."""
    found, sold = holdings.read_funds(), sales.Sales.read(period, currency)
    paid = tuple(figure for figure in sold.figures() if figure.key in {"revenue", "refunds", "net_revenue"})
    return _report(
        FUNDS,
        period,
        currency,
        figures=(*holdings.funds_figures(found, currency), *holdings.waiting_figures(found), *paid),
        series=sold.series()[:1],
        tables=(holdings.balances_table(found), sales.by_store(period, currency)),
        notes=(_("Balances are as of now; what customers paid is of the days chosen."),),
    )


OVERVIEW: Final = Kind("overview", _("Overview"), sales.NEEDS, overview)
PROMOTIONS: Final = Kind("promotions", _("Promotions"), promoting.NEEDS, promotions_report)
LOYALTY: Final = Kind("loyalty", _("Loyalty"), holdings.MEMBERS, loyalty_report)
INVENTORY: Final = Kind("inventory", _("Inventory"), holdings.STOCK, inventory_report)
FUNDS: Final = Kind("funds", _("Money"), holdings.BOOKS, funds_report)
REPORTS: Final = {kind.key: kind for kind in (OVERVIEW, PROMOTIONS, LOYALTY, INVENTORY, FUNDS)}


def _report(
    kind: Kind,
    period: Period,
    currency: str,
    *,
    figures: tuple[Figure, ...] = (),
    series: tuple[Series, ...] = (),
    tables: tuple[Table, ...] = (),
    notes: tuple[Label, ...] = (),
) -> Report:
    return Report(kind.key, kind.title, period, currency, figures, series, tables, notes)
