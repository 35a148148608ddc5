"""Trying out products that few have seen: Thompson sampling with its chances. Pure.

What is believed of a product's click-through rate is a beta distribution: what its category is worth (one imagined
click), and the product's own decayed clicks and viewable impressions. A trial draws one rate for each product of a
group and shows the highest. The chance of each product to be the one is an integral over those distributions:

    P(i) = ∫ f_i(x) · Π_{j≠i} F_j(x) dx

(Russo and others, "A Tutorial on Thompson Sampling", 2018, section 3), computed on a grid that is dense near zero,
where click-through rates are.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import add, mul
from random import Random

GRID = 128
"""Points of the grid: more change no chance by two thousandths."""
_WIDTHS = 12.0
"""The grid ends so many standard deviations above the highest mean."""
LEAST_CHANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Belief:
    """A beta distribution of a rate, and what the rate drawn is multiplied by (for what the viewer saw already).

    Both parameters are at least one: the density has no pole, neither at nothing nor at certainty.
    """

    clicks: float
    misses: float
    scale: float = 1.0

    @property
    def mean(self) -> float:
        """Of the rate, before the scale."""
        return self.clicks / (self.clicks + self.misses)

    @property
    def deviation(self) -> float:
        """The standard deviation, before the scale."""
        total = self.clicks + self.misses
        return math.sqrt(self.clicks * self.misses / (total * total * (total + 1)))

    def draw(self, random: Random) -> float:
        """One rate, scaled."""
        return random.betavariate(self.clicks, self.misses) * self.scale


def belief(*, prior_rate: float, clicks: float, impressions: float, scale: float = 1.0) -> Belief:
    """What is believed after some (decayed) impressions and clicks, where such products have the `prior_rate`.

    The category counts as one click in `1 / prior_rate` impressions. Clicks without impressions count as both.
    """
    rate = min(max(prior_rate, 0.001), 0.5)
    return Belief(1.0 + max(0.0, clicks), max(1.0, 1.0 / rate - 1.0 + max(0.0, impressions - clicks)), scale)


def draw_highest(beliefs: Sequence[Belief], random: Random) -> tuple[int, float]:
    """Which one has the highest rate in one draw, and that rate. Among equals the first."""
    rates = [each.draw(random) for each in beliefs]
    best = max(range(len(rates)), key=rates.__getitem__)
    return best, rates[best]


@lru_cache(maxsize=64)
def chances(beliefs: tuple[Belief, ...]) -> tuple[float, ...]:
    """The chance of each to have the highest rate in a draw; they add up to one."""
    if len(beliefs) == 1:
        return (1.0,)
    grid = _grid(beliefs)
    # What does not depend on one belief is worked out once for all: few scales, many beliefs.
    logs = {scale: _logs(grid, scale) for scale in {each.scale for each in beliefs}}
    halves = [(point - last) / 2 for last, point in pairwise((0.0, *grid))]
    curves = [_curve(each, logs[each.scale], halves) for each in beliefs]
    below = [1.0] * GRID
    for _density, shares in curves:
        below = list(map(mul, below, shares))
    found = [_integral(halves, _density_of_highest(curve, below)) for curve in curves]
    total = sum(found) or 1.0
    return tuple(max(LEAST_CHANCE, min(1.0, chance / total)) for chance in found)


_Curve = tuple[list[float], list[float]]
_Logs = list[tuple[float, float]]


def _grid(beliefs: Sequence[Belief]) -> list[float]:
    highest = max(min(1.0, each.mean + _WIDTHS * each.deviation) * each.scale for each in beliefs)
    return [highest * (step / GRID) ** 2 for step in range(1, GRID + 1)]


def _logs(grid: Sequence[float], scale: float) -> _Logs:
    """The logarithms of the rate and of its rest, at the grid's points whose rate is below one."""
    rates = (point / scale for point in grid)
    return [(math.log(rate), math.log1p(-rate)) for rate in rates if 0.0 < rate < 1.0]


def _curve(one: Belief, logs: _Logs, halves: Sequence[float]) -> _Curve:
    """Density at the grid's points, and the share below each; both with the trapezium's own total as one."""
    a, b = one.clicks - 1.0, one.misses - 1.0
    # From the mode's height down: no logarithm of a gamma function, and nothing overflows.
    mode = a / (a + b) if a + b else 0.5
    top = _log_height(a, b, mode)
    exp = math.exp
    density = [exp(a * log + b * rest - top) for log, rest in logs]
    density += [0.0] * (len(halves) - len(density))
    shares, below, before = [], 0.0, 1.0 if a == 0.0 else 0.0
    for half, height in zip(halves, density, strict=True):
        below += (before + height) * half
        shares.append(below)
        before = height
    total = shares[-1] or 1.0
    return [height / total for height in density], [share / total for share in shares]


def _log_height(a: float, b: float, rate: float) -> float:
    left = a * math.log(rate) if a and rate > 0.0 else 0.0
    right = b * math.log1p(-rate) if b and rate < 1.0 else 0.0
    return left + right


def _density_of_highest(curve: _Curve, below: Sequence[float]) -> list[float]:
    density, shares = curve
    return [
        height * product / share if share > 0.0 else 0.0
        for height, share, product in zip(density, shares, below, strict=True)
    ]


def _integral(halves: Sequence[float], heights: Sequence[float]) -> float:
    return math.fsum(map(mul, halves, map(add, heights, (0.0, *heights[:-1]))))
