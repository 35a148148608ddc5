"""By how much a promotion raised sales, against the same goods on the same weekdays before it. Pure arithmetic.

A promotion's whole platform days (today's is not over and is left out) are compared with earlier windows of the same
length that begin on the same weekday and end before the promotion began: at most four, each a whole number of weeks
before the next. Lift is the ratio of units in the promotion's days to the mean of the windows, less one.

The interval (95 %) is that of a ratio of two counts: ln(ratio) ± z · √(φ (1/treated + 1/baseline)). Were units sold
independently, φ would be 1 (two Poisson counts; K. J. Rothman, "Epidemiology", rate ratios). They come in orders of
several and in good and bad weeks, so φ is Pearson's dispersion of the windows about their mean, never below 1
(McCullagh & Nelder, "Generalized Linear Models", 6.2.3: quasi-likelihood).

Of many promotions together, the ratio of sums and its linearised variance with the promotion as the unit (W. G.
Cochran, "Sampling Techniques", 6.4), or that of the counts where it is larger.

It is a comparison, not an experiment: what else changed between the windows and the promotion is in it.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist
from typing import Final

from purchases.contracts import PromotionLift

WINDOWS: Final = 4
WEEK: Final = 7
CONFIDENCE: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

Window = tuple[date, date]
"""The first and the last day."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One promotion's units, and those of each window before it."""

    units: int
    windows: tuple[int, ...]

    @property
    def baseline_units(self) -> int:
        """Of all windows together."""
        return sum(self.windows)

    @property
    def expected_units(self) -> float:
        """What would have been sold: the mean of the windows."""
        return self.baseline_units / len(self.windows)

    @property
    def has_baseline(self) -> bool:
        """Whether anything was sold before: else there is nothing to compare with."""
        return self.baseline_units > 0


def matched_windows(window: Window, began_on: date) -> list[Window]:
    """The windows to compare with, latest first: same weekdays, same length, over before the promotion began.

    `window` is the part of the promotion that is looked at.
    """
    first, last = window
    step = _whole_weeks((last - first).days + 1)
    shift = _whole_weeks((last - began_on).days + 1)
    backs = [timedelta(days=shift + n * step) for n in range(WINDOWS)]
    return [(first - back, last - back) for back in backs]


def overlaps(one: Window, other: Window) -> bool:
    """Whether they share a day."""
    return one[0] <= other[1] and other[0] <= one[1]


def lift_of(measured: Measured) -> PromotionLift | None:
    """Of one promotion; None without a baseline."""
    if not measured.has_baseline:
        return None
    ratio = measured.units / measured.expected_units
    dispersion = _dispersion(measured.windows)
    variance = dispersion * _variance_of_counts(measured.units, measured.baseline_units)
    return _lift(measured.units, measured.expected_units, ratio, variance)


def lift_of_all(promotions: Iterable[Measured]) -> PromotionLift | None:
    """Of those that have a baseline, together; None where none has."""
    known = [each for each in promotions if each.has_baseline]
    if not known:
        return None
    if len(known) == 1:
        return lift_of(known[0])
    units, expected = sum(each.units for each in known), sum(each.expected_units for each in known)
    ratio = units / expected
    variance = _variance_of_counts(units, sum(each.baseline_units for each in known))
    if units:
        residuals = sum((each.units - ratio * each.expected_units) ** 2 for each in known)
        variance = max(variance, len(known) / (len(known) - 1) * residuals / units**2)
    return _lift(units, expected, ratio, variance, len(known))


def _lift(units: int, expected: float, ratio: float, variance: float, measured: int = 1) -> PromotionLift:
    reach = math.exp(_Z * math.sqrt(variance))
    # Nothing sold: the bound above is that of half a unit, where the logarithm has a value.
    high = (ratio or 0.5 / expected) * reach
    return PromotionLift(units, expected, ratio, ratio / reach, high, measured)


def _variance_of_counts(units: int, baseline: int) -> float:
    return 1 / max(units, 0.5) + 1 / baseline


def _dispersion(windows: Sequence[int]) -> float:
    if len(windows) < 2:
        return 1.0
    mean = sum(windows) / len(windows)
    return max(1.0, sum((each - mean) ** 2 for each in windows) / ((len(windows) - 1) * mean))


def _whole_weeks(days: int) -> int:
    return -(-days // WEEK) * WEEK
