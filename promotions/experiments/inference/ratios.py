"""Ratios of sums over units: clicks for each impression. Impressions of one unit are not independent draws."""

import math
from typing import NamedTuple

from .distributions import critical_z, normal_two_sided
from .intervals import Difference, Estimate


class RatioSums(NamedTuple):
    """Sums over units of a numerator y and a denominator x: whole numbers, so that every engine has the same."""

    units: int
    y: int
    x: int
    yy: int
    xx: int
    xy: int


def ratio_variance(sums: RatioSums) -> float | None:
    """The variance of R = Σy/Σx when units are drawn; None for fewer than two units, or nothing below the line.

    Delta method: Var(R) ≈ (s_y² − 2R·s_xy + R²·s_x²) / (n·x̄²), s of the units' sums (n − 1). Source: Deng, Knoblich
    and Lu 2018, "Applying the Delta Method in Metric Analytics", KDD, section 3 (ratio metrics where the unit of
    analysis is smaller than the unit of randomisation); Cochran 1977, Sampling Techniques, 2.11.
    The numerator is Σ(y − R·x)² / (n − 1), and that is how it is computed: exactly, of whole numbers over (Σx)².
    """
    if sums.units < 2 or not sums.x:
        return None
    # Σ(y − R·x)² = Σy² − 2R·Σxy + R²·Σx² (its mean is 0); times (Σx)², in whole numbers: nothing is lost.
    whole = sums.yy * sums.x * sums.x - 2 * sums.y * sums.x * sums.xy + sums.y * sums.y * sums.xx
    spread = whole / (sums.x * sums.x) / (sums.units - 1)
    mean = sums.x / sums.units
    return max(0.0, spread) / (sums.units * mean * mean)


def ratio(sums: RatioSums, *, alpha: float) -> Estimate:
    """Σy/Σx with the normal interval R ± z·√Var(R), kept above zero (`ratio_variance`); none where nothing varies."""
    variance = ratio_variance(sums)
    value = sums.y / sums.x if sums.x else 0.0
    if not variance:
        return Estimate(value, None, None)
    reach = critical_z(alpha) * math.sqrt(variance)
    return Estimate(value, max(0.0, value - reach), value + reach)


def difference_of_ratios(ours: RatioSums, theirs: RatioSums, *, alpha: float) -> Difference | None:
    """R₁ − R₀ with error √(Var(R₁) + Var(R₀)), its normal interval and the p-value of z = d / error.

    None where a side has fewer than two units or no x, or nothing varies on either: then nothing can be said. Source:
    Deng, Knoblich and Lu 2018 (see `ratio_variance`); the sides are independent because units are.
    """
    variance, control_variance = ratio_variance(ours), ratio_variance(theirs)
    if variance is None or control_variance is None:
        return None
    error = math.sqrt(variance + control_variance)
    if not error:
        return None
    value = ours.y / ours.x - theirs.y / theirs.x
    reach = critical_z(alpha) * error
    return Difference(value, error, value - reach, value + reach, normal_two_sided(value / error))
