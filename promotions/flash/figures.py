"""Figures of flash promotions for the dashboard."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.core.kpis import Kpi
from promotions.contracts import PromotionRun

from . import selectors
from .models import FlashPromo

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


def flash_promos_between(since: datetime, until: datetime, *, limit: int) -> list[PromotionRun]:
    """Promotions that were under way between the moments, those that began last first; one query."""
    return _runs(under_way_between(since, until).order_by("-starts_at", "-pk")[:limit])


def flash_promos_of(variant_ids: Collection[UUID], since: datetime, until: datetime) -> list[PromotionRun]:
    """The same of these variants; one query."""
    return _runs(under_way_between(since, until).filter(variant__in=variant_ids))


def under_way_between(since: datetime, until: datetime) -> QuerySet[FlashPromo]:
    """Really started, before `until`, and not over before `since`."""
    rows = FlashPromo.objects.filter(started_at__isnull=False, starts_at__lt=until)
    # `ended_at` is when the end was published: earlier than planned by staff or by the last unit, or a tick later.
    over_at = Least(Coalesce("ended_at", "ends_at"), "ends_at")
    return rows.annotate(over_at=over_at).filter(ends_at__gt=since, over_at__gt=since)


def _runs(rows: "QuerySet[FlashPromo]") -> list[PromotionRun]:
    found = rows.annotate(product_name=F("variant__product__name")).values_list(
        "pk", "product_name", "starts_at", "over_at", "variant"
    )
    return [PromotionRun("flash", pk, name, starts, over, variant) for pk, name, starts, over, variant in found]
