"""Reads over experiments and the figures of their units."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from .inference.means import MeanSums
from .inference.ratios import RatioSums
from .models import Experiment, ExperimentUnit


class VariantSums(NamedTuple):
    """What the units of a variant saw and did: exposed ones, mixed ones left out."""

    clicks: RatioSums
    amount: MeanSums
    buyers: int
    purchases: int

    @property
    def units(self) -> int:
        """Exposed units."""
        return self.clicks.units


NOTHING = VariantSums(RatioSums(0, 0, 0, 0, 0, 0), MeanSums(0, 0, 0), 0, 0)


def experiments_for_show() -> "QuerySet[Experiment]":
    """With their variants: two queries, whatever their number."""
    return Experiment.objects.select_related("picked").prefetch_related("variants")


def due_to_stop(at: datetime) -> list[UUID]:
    """Those that run past their planned end."""
    rows = Experiment.objects.filter(state=Experiment.State.RUNNING, ends_at__lte=at)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def exposed_units(experiment_id: UUID) -> dict[UUID, int]:
    """Units per variant that figures are of; one query."""
    rows = _analysed(experiment_id).values_list("variant_id").annotate(units=Count("pk")).order_by()
    return dict(rows)


def mixed_units(experiment_id: UUID) -> int:
    """Exposed units that were seen under a variant that is not theirs."""
    return ExperimentUnit.objects.filter(experiment=experiment_id, is_mixed=True, first_at__isnull=False).count()


def variant_sums(experiment_id: UUID) -> dict[UUID, VariantSums]:
    """The sums of each variant, in two queries.

    The database counts how many units have the same figures; squares and products are of whole numbers, here: nothing
    overflows, nothing is rounded, and both engines give the same.
    """
    pairs: dict[UUID, list[tuple[int, int, int]]] = defaultdict(list)
    seen = _analysed(experiment_id).values_list("variant_id", "clicks", "impressions").annotate(units=Count("pk"))
    for variant_id, clicks, impressions, units in seen.order_by():
        pairs[variant_id].append((clicks, impressions, units))
    amounts: dict[UUID, list[tuple[int, int]]] = defaultdict(list)
    purchases: dict[UUID, int] = defaultdict(int)
    bought = _analysed(experiment_id).filter(purchases__gt=0).values_list("variant_id", "amount_minor")
    for variant_id, amount, units, count in bought.annotate(units=Count("pk"), bought=Sum("purchases")).order_by():
        amounts[variant_id].append((amount, units))
        purchases[variant_id] += count
    return {
        variant_id: _sums(figures, amounts[variant_id], purchases[variant_id]) for variant_id, figures in pairs.items()
    }


def _sums(figures: Iterable[tuple[int, int, int]], amounts: Iterable[tuple[int, int]], purchases: int) -> VariantSums:
    clicks = ratio_sums(figures)
    return VariantSums(
        clicks=clicks,
        amount=MeanSums(
            units=clicks.units,
            y=sum(amount * units for amount, units in amounts),
            yy=sum(amount * amount * units for amount, units in amounts),
        ),
        buyers=sum(units for _amount, units in amounts),
        purchases=purchases,
    )


def ratio_sums(figures: Iterable[tuple[int, int, int]]) -> RatioSums:
    """From (clicks, impressions, how many units have both)."""
    units = y = x = yy = xx = xy = 0
    for clicks, impressions, count in figures:
        units += count
        y += clicks * count
        x += impressions * count
        yy += clicks * clicks * count
        xx += impressions * impressions * count
        xy += clicks * impressions * count
    return RatioSums(units, y, x, yy, xx, xy)


def _analysed(experiment_id: UUID) -> "QuerySet[ExperimentUnit]":
    return ExperimentUnit.objects.filter(experiment=experiment_id, is_mixed=False, first_at__isnull=False)
