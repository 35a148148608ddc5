"""Logged bandit data: what other policies would have been clicked, by inverse propensities.

    IPS    mean of w·click,           w = π(item | position) / propensity     (Horvitz and Thompson, 1952)
    SNIPS  sum of w·click / sum of w                                          (Swaminathan and Joachims, 2015)

Intervals are normal ones of the mean and of the ratio (delta method). The log has no people: rounds count as
independent. `effective` is Kish's number of rounds, (Σw)² / Σw²: an estimate of few of them is not to be read.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from promotions.engagement import decay

from .measures import Interval

POLICIES: Final = ("uniform", "raw clicks", "decayed clicks", "decayed rate", "mix 70/30")
_Z: Final = 1.959964

Round = tuple[float, list[str]]


@dataclass(slots=True)
class Estimate:
    """Sums of one policy, as the log goes by."""

    rounds: int = 0
    weights: float = 0.0
    squares: float = 0.0
    clicked: float = 0.0
    clicked_squares: float = 0.0

    def add(self, weight: float, is_click: bool) -> None:
        """One round."""
        self.rounds += 1
        self.weights += weight
        self.squares += weight * weight
        if is_click:
            self.clicked += weight
            self.clicked_squares += weight * weight

    @property
    def ips(self) -> Interval:
        """Clicks a round."""
        if self.rounds < 2:
            return Interval(0.0, 0.0, 0.0)
        mean = self.clicked / self.rounds
        variance = (self.clicked_squares - self.rounds * mean * mean) / (self.rounds - 1)
        return _normal(mean, variance / self.rounds)

    @property
    def snips(self) -> Interval:
        """Clicks a round, weights normalised."""
        if not self.weights:
            return Interval(0.0, 0.0, 0.0)
        ratio = self.clicked / self.weights
        # Σ w²(click − ratio)², opened: clicks are their own squares.
        spread = self.clicked_squares * (1 - 2 * ratio) + ratio * ratio * self.squares
        return _normal(ratio, spread / self.weights**2)

    @property
    def effective(self) -> float:
        """Rounds that the weights are worth."""
        return self.weights**2 / self.squares if self.squares else 0.0


@dataclass(slots=True)
class _Known:
    """Of one item: clicks in all, and decayed clicks and rounds, corrected by their propensities."""

    clicks: int = 0
    decayed_clicks: float = 0.0
    weighted_clicks: float = 0.0
    weighted_rounds: float = 0.0
    at: float = 0.0


@dataclass(slots=True)
class Policies:
    """Learns from the rounds that have been, and says which item each policy puts in each position."""

    items: list[str]
    positions: int
    half_life_hours: float = 168.0
    explore_share: float = 0.3
    refresh_hours: float = 1.0
    prior_rounds: float = 200.0
    _known: dict[str, _Known] = field(default_factory=dict)
    _lists: dict[str, list[str]] = field(default_factory=dict)
    _next: float = -1.0

    def chances(self, at: float, item: str, position: int) -> dict[str, float]:
        """How likely each policy puts the item in that position (1 is the first)."""
        if at >= self._next:
            step = self.refresh_hours * 3_600
            self._next = at - at % step + step
            self._refresh(at)
        uniform = 1 / len(self.items)
        found = {"uniform": uniform}
        for name, listed in self._lists.items():
            found[name] = float(position <= len(listed) and listed[position - 1] == item)
        found["mix 70/30"] = (1 - self.explore_share) * found["decayed rate"] + self.explore_share * uniform
        return found

    def learn(self, at: float, item: str, is_click: bool, propensity: float) -> None:
        """A round has been."""
        known = self._known.setdefault(item, _Known(at=at))
        left = self._left(at, known.at)
        known.clicks += is_click
        known.decayed_clicks = known.decayed_clicks * left + is_click
        known.weighted_clicks = known.weighted_clicks * left + is_click / propensity
        known.weighted_rounds = known.weighted_rounds * left + 1 / propensity
        known.at = at

    def _refresh(self, at: float) -> None:
        known = {item: self._known.get(item, _Known(at=at)) for item in self.items}
        now = {item: self._left(at, each.at) for item, each in known.items()}
        clicks = sum(each.weighted_clicks * now[item] for item, each in known.items())
        rounds = sum(each.weighted_rounds * now[item] for item, each in known.items())
        prior = clicks / rounds if rounds else 0.0

        def rate(item: str) -> float:
            each, left = known[item], now[item]
            return (each.weighted_clicks * left + self.prior_rounds * prior) / (
                each.weighted_rounds * left + self.prior_rounds
            )

        self._lists = {
            "raw clicks": self._first(lambda item: known[item].clicks),
            "decayed clicks": self._first(lambda item: known[item].decayed_clicks * now[item]),
            "decayed rate": self._first(rate),
        }

    def _first(self, value: Callable[[str], float]) -> list[str]:
        return sorted(self.items, key=lambda item: (-value(item), item))[: self.positions]

    def _left(self, at: float, since: float) -> float:
        return decay.factor(at - since, decay.rate(self.half_life_hours))


def catalogue(rounds: Iterable[Round]) -> tuple[list[str], int]:
    """The items of a log and how many positions it has: what a policy may choose from, in a first pass."""
    items: set[str] = set()
    positions = 0
    for _at, (item, position, _click, _propensity) in rounds:
        items.add(item)
        positions = max(positions, int(position))
    return sorted(items), positions


def evaluate(rounds: Iterable[Round], policies: Policies) -> dict[str, Estimate]:
    """Each policy's estimate over the rounds in the order of time; each round is estimated before it is learnt from."""
    estimates = {name: Estimate() for name in POLICIES}
    for at, (item, position, click, propensity) in rounds:
        is_click, logged = click == "1", float(propensity)
        for name, chance in policies.chances(at, item, int(position)).items():
            estimates[name].add(chance / logged, is_click)
        policies.learn(at, item, is_click, logged)
    return estimates


def _normal(value: float, variance: float) -> Interval:
    half = _Z * math.sqrt(max(variance, 0.0))
    return Interval(value, value - half, value + half)
