"""Tails and quantiles of the normal, chi-squared and Student distributions, from the standard library alone."""

import math
from statistics import NormalDist
from typing import Final

_STANDARD: Final = NormalDist()
_TINY: Final = 1e-300
_MOST_STEPS: Final = 10_000
_MANY: Final = 100.0


def normal_quantile(probability: float) -> float:
    """The z below which a standard normal value falls with that probability (0 < p < 1).

    Source: `statistics.NormalDist.inv_cdf` (Wichura 1988, algorithm AS 241, about 16 digits).
    """
    return _STANDARD.inv_cdf(probability)


def critical_z(alpha: float) -> float:
    """The |z| that a standard normal value exceeds with probability `alpha`, both sides together: 1.96 of 0.05."""
    return normal_quantile(1.0 - alpha / 2.0)


def normal_two_sided(z: float) -> float:
    """P(|Z| ≥ |z|) = erfc(|z| / √2). Source: Abramowitz and Stegun 1964, 7.1.22 and 26.2.29."""
    return math.erfc(abs(z) / math.sqrt(2.0))


def chi_square_tail(x: float, df: int) -> float:
    """P(χ² ≥ x) with `df` ≥ 1 degrees of freedom; exact sums, no approximation.

    Source: Abramowitz and Stegun 1964, 26.4.4 (odd df) and 26.4.5 (even df):
    even: e^(−x/2) · Σ_{r<df/2} (x/2)^r / r!
    odd: erfc(√(x/2)) + 2·φ(√x) · Σ_{r=1}^{(df−1)/2} x^(r−1/2) / (1·3·…·(2r−1))
    """
    if df < 1:
        raise ValueError("degrees of freedom are at least one")
    if x <= 0.0:
        return 1.0
    if df % 2 == 0:
        term = total = 1.0
        for r in range(1, df // 2):
            term *= (x / 2.0) / r
            total += term
        return min(1.0, math.exp(-x / 2.0) * total)
    total, term = 0.0, math.sqrt(x)
    for r in range(1, (df - 1) // 2 + 1):
        total += term
        term *= x / (2 * r + 1)
    density = math.exp(-x / 2.0) / math.sqrt(2.0 * math.pi)
    return min(1.0, math.erfc(math.sqrt(x / 2.0)) + 2.0 * density * total)


def student_two_sided(t: float, df: float) -> float:
    """P(|T| ≥ |t|) with `df` > 0 degrees of freedom (not necessarily whole) = I_{df/(df+t²)}(df/2, 1/2).

    Source: Abramowitz and Stegun 1964, 26.5.27; the incomplete beta function by its continued fraction 26.5.8,
    evaluated by Lentz's method as modified by Thompson and Barnett 1986.
    """
    return _incomplete_beta(df / 2.0, 0.5, df / (df + t * t)) if t else 1.0


def critical_t(alpha: float, df: float) -> float:
    """The |t| that Student's T exceeds with probability `alpha`, both sides together.

    From 100 degrees of freedom on the expansion in 1/df of Abramowitz and Stegun 1964, 26.7.5, good to eight decimals
    there; below, by bisection of the tail.
    """
    if df >= _MANY:
        z = critical_z(alpha)
        terms = (
            (z**3 + z) / 4.0,
            (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0,
            (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0,
            (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92_160.0,
        )
        return z + sum(term / df**power for power, term in enumerate(terms, start=1))
    low, high = 0.0, 2.0
    while student_two_sided(high, df) > alpha:
        low, high = high, high * 2.0
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (middle, high) if student_two_sided(middle, df) > alpha else (low, middle)
    return high


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b), regularised."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The fraction converges fast on this side; on the other one, I_x(a, b) = 1 − I_{1−x}(b, a) (26.5.2).
    if x < (a + 1.0) / (a + b + 2.0):
        return front * _beta_fraction(a, b, x) / a
    return 1.0 - front * _beta_fraction(b, a, 1.0 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _not_zero(1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for m in range(1, _MOST_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for part in (even, odd):
            d = 1.0 / _not_zero(1.0 + part * d)
            c = _not_zero(1.0 + part / c)
            fraction *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return fraction


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
