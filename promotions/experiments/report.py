"""What came of an experiment, in figures that may be believed.

First the sample ratio check: where it fails, nothing is compared. Then, for each metric, every variant's figure with
its interval, and its difference from what is done today. Of a difference there are two intervals. The one of a fixed
horizon is true for whoever looks once, at an end that was set before the start. The one at any time is wider, and true
however often somebody looked, and stopped because of it. The verdict goes by the first only where the experiment ran to
its planned end. With several variants against one control, each interval is at 1 − 5 %/(variants − 1) and p-values are
multiplied likewise (Bonferroni; Dunn 1961, JASA 56, 52–64): the chance of any wrong difference in a metric is 5 %.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from .inference.balance import Balance, sample_ratio
from .inference.intervals import Difference, Estimate
from .inference.looking import at_any_time
from .inference.means import difference_of_means, mean
from .inference.proportions import difference_of_proportions, proportion
from .inference.ratios import difference_of_ratios, ratio
from .models import Experiment, ExperimentVariant
from .recording import ATTRIBUTION
from .selectors import NOTHING, VariantSums, exposed_units, mixed_units, variant_sums

ALPHA: Final = 0.05
ENOUGH_UNITS: Final = 100
"""Exposed units of a variant below which no verdict is given: the intervals lean on large numbers."""
LATEST_EVENT: Final = timedelta(hours=72)
"""So long after it happened an event is still accepted."""
MIXED_SHARE: Final = 0.02
"""More mixed units than this share deserve a word."""
Metric = Experiment.Metric

_ESTIMATES: Final[Mapping[str, Callable[[VariantSums, float], Estimate]]] = {
    Metric.HIT_RATIO: lambda sums, alpha: ratio(sums.clicks, alpha=alpha),
    Metric.CONVERSION: lambda sums, alpha: proportion(sums.buyers, sums.units, alpha=alpha),
    Metric.AMOUNT: lambda sums, alpha: mean(sums.amount, alpha=alpha),
}
_DIFFERENCES: Final[Mapping[str, Callable[[VariantSums, VariantSums, float], Difference | None]]] = {
    Metric.HIT_RATIO: lambda ours, theirs, alpha: difference_of_ratios(ours.clicks, theirs.clicks, alpha=alpha),
    Metric.CONVERSION: lambda ours, theirs, alpha: difference_of_proportions(
        ours.buyers, ours.units, theirs.buyers, theirs.units, alpha=alpha
    ),
    Metric.AMOUNT: lambda ours, theirs, alpha: difference_of_means(ours.amount, theirs.amount, alpha=alpha),
}


@dataclass(frozen=True, slots=True)
class Arm:
    """A variant's units and sums, and its figure of each metric with the 95 % interval."""

    variant_id: UUID
    key: str
    value: float
    share_bp: int
    is_control: bool
    units: int
    impressions: int
    clicks: int
    buyers: int
    purchases: int
    amount_minor: int
    metrics: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A variant against what is done today, in one metric. `lift` is relative to it; none where that is zero.

    `verdict`: better, worse, undecided (the interval that counts holds zero), too_few (units).
    """

    metric: str
    variant_id: UUID
    key: str
    difference: float
    lift: float | None
    low: float
    high: float
    any_time_low: float
    any_time_high: float
    p_value: float
    verdict: str


@dataclass(frozen=True, slots=True)
class ExperimentReport:
    """Everything, as of now. `warnings` are codes, the gravest first (`wording.WARNINGS` has the sentences).

    `basis`: which interval the verdicts go by, `fixed` or `any_time`. Unreadable: no comparisons.
    """

    experiment_id: UUID
    key: str
    name: str
    state: str
    decided_by: str
    is_readable: bool
    basis: str
    confidence: float
    balance: Balance
    mixed_units: int
    arms: Sequence[Arm]
    comparisons: Sequence[Comparison]
    warnings: Sequence[str]


def experiment_report(experiment: Experiment, *, at: datetime) -> ExperimentReport:
    """The report of an experiment as of `at`: three queries besides its variants. A draft's is empty."""
    variants = _in_order(experiment)
    sums = variant_sums(experiment.pk)
    mixed = mixed_units(experiment.pk)
    balance = _balance(variants, {key: each.units for key, each in sums.items()})
    basis = "fixed" if has_run_as_planned(experiment) else "any_time"
    alpha = ALPHA / max(1, len(variants) - 1)
    arms = [_arm(variant, sums.get(variant.pk, NOTHING)) for variant in variants]
    is_readable = not balance.is_alarm
    return ExperimentReport(
        experiment_id=experiment.pk,
        key=experiment.key,
        name=experiment.name,
        state=experiment.state,
        decided_by=experiment.decided_by,
        is_readable=is_readable,
        basis=basis,
        confidence=1.0 - alpha,
        balance=balance,
        mixed_units=mixed,
        arms=arms,
        comparisons=_comparisons(variants, sums, alpha, basis) if is_readable else [],
        warnings=_warnings(experiment, arms, balance, mixed, at),
    )


def balance_of(experiment: Experiment) -> Balance:
    """The sample ratio check alone."""
    return _balance(_in_order(experiment), exposed_units(experiment.pk))


def has_run_as_planned(experiment: Experiment) -> bool:
    """Whether it stopped at an end that was set before the start: then looking once is what was done."""
    stopped_at, ends_at = experiment.stopped_at, experiment.ends_at
    return stopped_at is not None and ends_at is not None and stopped_at >= ends_at


def settles_at(experiment: Experiment) -> datetime | None:
    """When the last purchase that counts, and the last late event, is in; none while it runs."""
    return None if experiment.stopped_at is None else experiment.stopped_at + ATTRIBUTION + LATEST_EVENT


def _in_order(experiment: Experiment) -> list[ExperimentVariant]:
    """What is done today first."""
    return sorted(experiment.variants.all(), key=lambda variant: (not variant.is_control, variant.pk))


def _balance(variants: Sequence[ExperimentVariant], units: Mapping[UUID, int]) -> Balance:
    if len(variants) < 2:
        return Balance((), (), 0.0, 0, 1.0)
    return sample_ratio([units.get(each.pk, 0) for each in variants], [each.share_bp for each in variants])


def _arm(variant: ExperimentVariant, sums: VariantSums) -> Arm:
    return Arm(
        variant_id=variant.pk,
        key=variant.key,
        value=variant.value,
        share_bp=variant.share_bp,
        is_control=variant.is_control,
        units=sums.units,
        impressions=sums.clicks.x,
        clicks=sums.clicks.y,
        buyers=sums.buyers,
        purchases=sums.purchases,
        amount_minor=sums.amount.y,
        metrics={metric: estimate(sums, ALPHA) for metric, estimate in _ESTIMATES.items()},
    )


def _comparisons(
    variants: Sequence[ExperimentVariant], sums: Mapping[UUID, VariantSums], alpha: float, basis: str
) -> list[Comparison]:
    control = next((each for each in variants if each.is_control), None)
    if control is None:
        return []
    theirs = sums.get(control.pk, NOTHING)
    found = (
        compare(metric, each, sums.get(each.pk, NOTHING), theirs, alpha=alpha, basis=basis)
        for metric in Metric.values
        for each in variants
        if each is not control
    )
    return [each for each in found if each is not None]


def compare(
    metric: str, variant: ExperimentVariant, ours: VariantSums, theirs: VariantSums, *, alpha: float, basis: str
) -> Comparison | None:
    """One variant against the control in one metric; None where there is nothing to compare."""
    difference = _DIFFERENCES[metric](ours, theirs, alpha)
    if difference is None:
        return None
    wide_low, wide_high = at_any_time(difference, ours.units + theirs.units, alpha=alpha)
    today = _ESTIMATES[metric](theirs, ALPHA).value
    low, high = (difference.low, difference.high) if basis == "fixed" else (wide_low, wide_high)
    return Comparison(
        metric=metric,
        variant_id=variant.pk,
        key=variant.key,
        difference=difference.value,
        lift=difference.value / today if today else None,
        low=difference.low,
        high=difference.high,
        any_time_low=wide_low,
        any_time_high=wide_high,
        # Bonferroni: ALPHA / alpha is the number of comparisons.
        p_value=min(1.0, difference.p_value * ALPHA / alpha),
        verdict=_verdict(low, high, min(ours.units, theirs.units)),
    )


def _verdict(low: float, high: float, units: int) -> str:
    if units < ENOUGH_UNITS:
        return "too_few"
    if low > 0.0:
        return "better"
    return "worse" if high < 0.0 else "undecided"


def _warnings(experiment: Experiment, arms: Sequence[Arm], balance: Balance, mixed: int, at: datetime) -> list[str]:
    settled = settles_at(experiment)
    units = sum(arm.units for arm in arms)
    said = {
        "do_not_read": balance.is_alarm,
        "too_few_units": any(arm.units < ENOUGH_UNITS for arm in arms),
        "still_running": experiment.state == Experiment.State.RUNNING,
        "stopped_early": experiment.state == Experiment.State.STOPPED and not has_run_as_planned(experiment),
        "not_settled": settled is not None and at < settled,
        "mixed_units": mixed > MIXED_SHARE * (units + mixed),
        "several_variants": len(arms) > 2,
    }
    return [code for code, is_so in said.items() if is_so]
