"""Promotions of some days beside what was sold of the same goods before them; `lift` has the arithmetic."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import QuerySet, Sum

from marketplace.core.clock import day_begins, platform_day
from promotions import facade as promotions
from promotions.contracts import PromotionRun
from purchases.contracts import MeasuredPromotion, PromotionLifts
from stores import facade as stores

from .lift import Measured, Window, lift_of, lift_of_all, matched_windows, overlaps
from .models import DailyVariantSales
from .selectors import first_day_of_sales, units_in

MOST_FLASH: Final = 200
MOST_CAMPAIGNS: Final = 20
_INSTANT: Final = timedelta(microseconds=1)
_FAR: Final = date.max

Units = Callable[[Window], int]
"""How many units were sold between two days, both included."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A promotion, the part of it that is looked at, and what that is compared with."""

    run: PromotionRun
    window: Window
    baseline: tuple[Window, ...]

    @property
    def span(self) -> Window:
        """From the first to the last day that is read."""
        return min((each[0] for each in self.baseline), default=self.window[0]), self.window[1]


def measure_flash_promos(first: date, last: date, *, at: datetime, most: int = MOST_FLASH) -> PromotionLifts:
    """Flash promotions that were under way in these days, of whole days before that of `at`. Four queries.

    Windows in which the same variant was on a flash promotion, too, are left out. Of more than `most` the last.
    """
    runs = promotions.flash_promos_between(*_moments(first, last), limit=most + 1)
    plans = [plan for run in runs[:most] if (plan := _plan(run, first, last, at)) is not None]
    plans = _without_other_promos(_since_there_were_sales(plans))
    units = units_in({(_variant(plan), window) for plan in plans for window in (plan.window, *plan.baseline)})

    def units_of(plan: _Plan) -> Units:
        return lambda window: units[_variant(plan), window]

    return _measured(plans, units_of, is_cut=len(runs) > most)


def measure_campaigns(first: date, last: date, *, at: datetime, most: int = MOST_CAMPAIGNS) -> PromotionLifts:
    """Campaigns likewise, over all that they are about. Five queries, and two for each campaign."""
    runs = promotions.campaigns_between(*_moments(first, last), limit=most + 1)
    plans = [plan for run in runs[:most] if (plan := _plan(run, first, last, at)) is not None]
    plans = _since_there_were_sales(plans)
    return _measured(plans, _units_of_campaign, is_cut=len(runs) > most)


def _moments(first: date, last: date) -> tuple[datetime, datetime]:
    return day_begins(first), day_begins(last + timedelta(days=1))


def _plan(run: PromotionRun, first: date, last: date, at: datetime) -> _Plan | None:
    """None while no whole day of it is over: a day that is not over cannot be compared with one that is."""
    began = platform_day(run.starts_at)
    ended = _FAR if run.ends_at is None else platform_day(run.ends_at - _INSTANT)
    window = max(began, first), min(ended, last, platform_day(at) - timedelta(days=1))
    if window[0] > window[1]:
        return None
    return _Plan(run, window, tuple(matched_windows(window, began)))


def _since_there_were_sales(plans: Sequence[_Plan]) -> list[_Plan]:
    opened = first_day_of_sales()
    return [
        _Plan(plan.run, plan.window, tuple(each for each in plan.baseline if opened is not None and each[0] >= opened))
        for plan in plans
    ]


def _without_other_promos(plans: Sequence[_Plan]) -> list[_Plan]:
    if not plans:
        return []
    first, last = _span(plans)
    others: dict[UUID | None, list[tuple[UUID, Window]]] = defaultdict(list)
    variants = {plan.run.variant_id for plan in plans if plan.run.variant_id is not None}
    for run in promotions.flash_promos_of(variants, *_moments(first, last)):
        ended = _FAR if run.ends_at is None else platform_day(run.ends_at - _INSTANT)
        others[run.variant_id].append((run.promotion_id, (platform_day(run.starts_at), ended)))

    def is_free(plan: _Plan, window: Window) -> bool:
        mine = plan.run.promotion_id
        return not any(overlaps(window, taken) for pk, taken in others[plan.run.variant_id] if pk != mine)

    return [
        _Plan(plan.run, plan.window, tuple(each for each in plan.baseline if is_free(plan, each))) for plan in plans
    ]


def _variant(plan: _Plan) -> UUID:
    assert plan.run.variant_id is not None, "a flash promotion is about a variant"
    return plan.run.variant_id


def _units_of_campaign(plan: _Plan) -> Units:
    run = plan.run
    rows: QuerySet[DailyVariantSales] = DailyVariantSales.objects.filter(day__range=plan.span)
    if run.product_ids or run.category_ids or run.store_ids:
        variants = stores.variants_on_shelves(
            product_ids=run.product_ids, category_ids=run.category_ids, store_ids=run.store_ids
        )
        rows = rows.filter(variant__in=variants.order_by())
    return _summing(dict(rows.order_by("day").values("day").annotate(sold=Sum("units")).values_list("day", "sold")))


def _summing(cells: dict[date, int]) -> Units:
    def units(window: Window) -> int:
        return sum(cells.get(window[0] + timedelta(days=n), 0) for n in range((window[1] - window[0]).days + 1))

    return units


def _span(plans: Collection[_Plan]) -> Window:
    return min(plan.span[0] for plan in plans), max(plan.span[1] for plan in plans)


def _measured(plans: Iterable[_Plan], units_of: Callable[[_Plan], Units], *, is_cut: bool) -> PromotionLifts:
    rows, counts = [], []
    for plan in plans:
        units = units_of(plan)
        count = Measured(units(plan.window), tuple(units(each) for each in plan.baseline))
        counts.append(count)
        rows.append(
            MeasuredPromotion(
                kind=plan.run.kind,
                promotion_id=plan.run.promotion_id,
                name=plan.run.name,
                first=plan.window[0],
                last=plan.window[1],
                units=count.units,
                windows=count.windows,
                lift=lift_of(count),
            )
        )
    return PromotionLifts(tuple(rows), lift_of_all(counts), is_cut)
