"""The five scores as pure functions: what `statements` says in SQL, for one product. Each is between 0 and 1.

Sources: the popularity is a saturating logarithm of a decayed sum; the cold boost is the weight of the prior in a
beta-binomial mean; conversions are shrunk to their category's by the same constant (empirical Bayes, as in Efron and
Morris, "Data analysis using Stein's estimator", JASA 70, 1975).
"""

import math
from collections.abc import Sequence
from typing import Final

from promotions.engagement import decay

HEARD: Final = 0.01
"""A sum below it says nothing: its product is left out of the percentile."""

ENOUGH: Final = 20
"""From so many products with a sum on, a category is measured by itself alone."""


def percentile(values: Sequence[float], share: float = 0.99) -> float:
    """With linear interpolation, as `percentile_cont`; 0 of nothing."""
    if not values:
        return 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def level(sums: Sequence[float]) -> float:
    """The 99th percentile of those sums that say something."""
    return percentile([each for each in sums if each >= HEARD])


def saturated(total: float, p99: float) -> float:
    """`min(1, ln(1 + S) / ln(1 + S_p99))`; 0 where nothing has a sum."""
    return min(1.0, math.log(1 + total) / math.log(1 + p99)) if p99 >= HEARD else 0.0


def trust(known: int) -> float:
    """How far a category of so many products with a sum speaks for itself."""
    return min(1.0, known / ENOUGH)


def blended(own: float, everywhere: float, known: int) -> float:
    """A score within the category, and within all as far as the category is too small."""
    return trust(known) * own + (1 - trust(known)) * everywhere


def popularity(total: float, *, p99: float, known: int, p99_of_all: float) -> float:
    """In the category, blended with all under 20 products."""
    return blended(saturated(total, p99), saturated(total, p99_of_all), known)


def cold(impressions: float, *, available: int, target: int, half_known: float) -> float:
    """`e0 / (e0 + I) · min(1, stock / target)`: 0 without stock, whatever the target."""
    return half_known / (half_known + impressions) * min(1.0, available / max(target, 1))


def smoothed(purchases: float, impressions: float, *, prior: float, half_known: float) -> float:
    """Purchases for each viewable impression, as if `half_known` impressions had converted as the prior says.

    Products sell past their impressions too (search, links): it is never more than one.
    """
    return min(1.0, (purchases + half_known * prior) / (impressions + half_known))


def prior_of_all(purchases: float, impressions: float, *, half_known: float) -> float:
    """What converts everywhere; with one purchase more, so that margins still order a shop without events."""
    return min(1.0, (purchases + 1) / (impressions + half_known))


def margin_minor(price_minor: float, cost_minor: float, tax_bp: int) -> float:
    """What a unit leaves of its price without the tax in it."""
    return price_minor * 10_000 / (10_000 + tax_bp) - cost_minor


def mid_rank(value: float, among: Sequence[float]) -> float:
    """The share of values below, and half of those as large: 0.5 of a value alone, and of all when all are equal."""
    below = sum(each < value for each in among)
    equal = sum(each == value for each in among)
    return (below + equal / 2) / len(among)


def freshness(age_days: float, half_life_days: float) -> float:
    """`2^(−age / 14)`; 1 for what is yet to come. What is older than 40 natural units stays at their end."""
    return decay.factor(age_days, math.log(2.0) / half_life_days)


def exposure(
    popularity: float,
    cold: float,
    profit: float,
    freshness: float,
    *,
    w_popularity: float,
    weights: tuple[float, float, float],
) -> float:
    """`w · popularity + (1 − w) · (a · cold + b · profit + c · freshness)`, the three weights in parts of their sum."""
    total = sum(weights) or 1.0
    rest = (weights[0] * cold + weights[1] * profit + weights[2] * freshness) / total
    return w_popularity * popularity + (1 - w_popularity) * rest
