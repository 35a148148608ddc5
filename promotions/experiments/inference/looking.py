"""Intervals that stay true however often somebody looks, and stops because of what was seen."""

import math
from typing import Final

from .intervals import Difference

TIGHT_AT: Final = 10_000
"""Units at which the interval is about as narrow as it can be; fixed before any data, or the promise is void."""


def reach_at_any_time(error: float, units: int, *, alpha: float) -> float:
    """Half the width of a confidence sequence around an estimate with that standard error from so many units.

    error · √( 2(nρ² + 1)/(nρ²) · ln(√(nρ² + 1)/α) ), ρ² = (−2 ln α + ln(1 − 2 ln α)) / TIGHT_AT. The chance that it
    misses the truth at any of all looks together is at most α (asymptotically). Source: Waudby-Smith, Arbour, Sinha,
    Kennedy and Ramdas 2024, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of
    Statistics 52, theorem 2.2 and the choice of ρ behind it; the mixture is Robbins 1970, Annals of Mathematical
    Statistics 41, 1397–1409, known as mSPRT from Johari, Pekelis and Walsh 2015, "Always valid inference".
    """
    weight = units * (-2.0 * math.log(alpha) + math.log(1.0 - 2.0 * math.log(alpha))) / TIGHT_AT
    return error * math.sqrt(2.0 * (weight + 1.0) / weight * math.log(math.sqrt(weight + 1.0) / alpha))


def at_any_time(difference: Difference, units: int, *, alpha: float) -> tuple[float, float]:
    """The interval of a difference from `units` on both sides together, as `reach_at_any_time` has it."""
    reach = reach_at_any_time(difference.error, units, alpha=alpha)
    return difference.value - reach, difference.value + reach
