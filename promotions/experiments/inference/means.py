"""Means over units: the amount for each unit. Most units buy nothing, a few buy much; variances differ."""

import math
from typing import NamedTuple

from .distributions import critical_t, student_two_sided
from .intervals import Difference, Estimate


class MeanSums(NamedTuple):
    """Sums over units of an amount y in minor units: whole numbers, so nothing is lost and every engine agrees."""

    units: int
    y: int
    yy: int


def mean_variance(sums: MeanSums) -> float | None:
    """s²/n of the mean, s² = (Σy² − (Σy)²/n) / (n − 1); None for fewer than two units."""
    if sums.units < 2:
        return None
    return (sums.units * sums.yy - sums.y * sums.y) / (sums.units * (sums.units - 1)) / sums.units


def mean(sums: MeanSums, *, alpha: float) -> Estimate:
    """ȳ with Student's interval ȳ ± t·s/√n, n − 1 degrees of freedom (Student 1908, Biometrika 6, 1–25).

    No interval where nothing varies: that nobody bought yet does not mean that nobody will.
    """
    variance = mean_variance(sums)
    value = sums.y / sums.units if sums.units else 0.0
    if not variance:
        return Estimate(value, None, None)
    reach = critical_t(alpha, sums.units - 1) * math.sqrt(variance)
    return Estimate(value, value - reach, value + reach)


def difference_of_means(ours: MeanSums, theirs: MeanSums, *, alpha: float) -> Difference | None:
    """ȳ₁ − ȳ₀ by Welch's test; None for fewer than two units on a side, or where nothing varies on either.

    error = √(v₁ + v₀), v = s²/n; degrees of freedom (v₁+v₀)² / (v₁²/(n₁−1) + v₀²/(n₀−1)).
    Source: Welch 1947, Biometrika 34, 28–35; Satterthwaite 1946, Biometrics Bulletin 2, 110–114. Equal variances are
    not assumed.
    """
    variance, control_variance = mean_variance(ours), mean_variance(theirs)
    if variance is None or control_variance is None:
        return None
    together = variance + control_variance
    if not together:
        return None
    value = ours.y / ours.units - theirs.y / theirs.units
    df = together**2 / (variance**2 / (ours.units - 1) + control_variance**2 / (theirs.units - 1))
    error = math.sqrt(together)
    reach = critical_t(alpha, df) * error
    return Difference(value, error, value - reach, value + reach, student_two_sided(value / error, df))
