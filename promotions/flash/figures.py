"""Figures of flash promotions for the dashboard."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.core.kpis import Kpi

from . import selectors

_DAY = timedelta(days=1)


def kpis() -> list[Kpi]:
    """What runs, what is to come, and what the last day brought."""
    at = timezone.now()
    reservations, bought = selectors.count_reservations(at, _DAY)
    promos, rows = "admin:promotions_flashpromo_changelist", "admin:promotions_reservation_changelist"
    return [
        Kpi(_("Promotions running"), str(selectors.count_running(at)), promos),
        Kpi(_("Promotions scheduled"), str(selectors.count_scheduled(at)), promos),
        Kpi(_("Units held now"), str(selectors.held_units()), rows),
        Kpi(_("Units sold, 24 h"), str(selectors.count_units_sold(at - _DAY)), promos),
        Kpi(_("Reservations bought, 24 h"), f"{bought} / {reservations}", rows),
    ]
