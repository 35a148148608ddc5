"""Shares of units: who bought, of whom was exposed. A unit counts once, so units are independent draws."""

import math

from .distributions import critical_z, normal_two_sided
from .intervals import Difference, Estimate


def proportion(hits: int, units: int, *, alpha: float) -> Estimate:
    """hits / units with Wilson's score interval (`wilson_limits`); no limits without units."""
    if not units:
        return Estimate(0.0, None, None)
    return Estimate(hits / units, *wilson_limits(hits, units, alpha=alpha))


def wilson_limits(hits: int, units: int, *, alpha: float) -> tuple[float, float]:
    """Both ends of Wilson's score interval for a share of `units` ≥ 1.

    (p̂ + z²/2n ± z·√(p̂(1−p̂)/n + z²/4n²)) / (1 + z²/n). Source: Wilson 1927, JASA 22, 209–212; recommended over Wald's
    by Brown, Cai and DasGupta 2001, Statistical Science 16, 101–133. It stays within [0, 1] and is right for few hits.
    """
    share, z = hits / units, critical_z(alpha)
    centre = share + z * z / (2 * units)
    reach = z * math.sqrt(share * (1.0 - share) / units + z * z / (4 * units * units))
    scale = 1.0 + z * z / units
    # At the edges rounding would leave 1e-18 beside what is exactly 0 or 1.
    low = 0.0 if hits == 0 else (centre - reach) / scale
    high = 1.0 if hits == units else (centre + reach) / scale
    return low, high


def difference_of_proportions(
    hits: int, units: int, control_hits: int, control_units: int, *, alpha: float
) -> Difference | None:
    """p₁ − p₀; None without units on either side.

    Interval: Newcombe's hybrid score interval, of each side's Wilson limits l, u:
    (d − √((p₁−l₁)² + (u₀−p₀)²), d + √((u₁−p₁)² + (p₀−l₀)²)).
    Source: Newcombe 1998, Statistics in Medicine 17, 873–890, method 10 (without continuity correction).

    p-value: z = d / √(p̄(1−p̄)(1/n₁ + 1/n₀)) with the pooled share p̄ (the score test; z² is Pearson's χ² of the
    2 × 2 table). Source: Agresti 2013, Categorical Data Analysis, 3.2.1. It is 1 where nobody or everybody is a hit.

    Error: a z-th of half the interval. Wald's √(p₁(1−p₁)/n₁ + p₀(1−p₀)/n₀), to which it comes close for many units,
    would be 0 where nobody bought yet.
    """
    if not units or not control_units:
        return None
    share, control_share = hits / units, control_hits / control_units
    low, high = wilson_limits(hits, units, alpha=alpha)
    control_low, control_high = wilson_limits(control_hits, control_units, alpha=alpha)
    pooled = (hits + control_hits) / (units + control_units)
    pooled_error = math.sqrt(pooled * (1.0 - pooled) * (1.0 / units + 1.0 / control_units))
    value = share - control_share
    down = math.hypot(share - low, control_high - control_share)
    up = math.hypot(high - share, control_share - control_low)
    return Difference(
        value=value,
        error=(down + up) / 2.0 / critical_z(alpha),
        low=value - down,
        high=value + up,
        p_value=normal_two_sided(value / pooled_error) if pooled_error else 1.0,
    )
