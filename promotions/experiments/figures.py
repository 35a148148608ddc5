"""Figures of experiments for the dashboard."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.core.kpis import Kpi

from .running import running_experiments


def kpis() -> list[Kpi]:
    """How many run, from this process's copy."""
    at = timezone.now()
    running = sum(each.is_on(at) for each in running_experiments())
    return [Kpi(_("Experiments running"), str(running), "admin:promotions_experiment_changelist")]
