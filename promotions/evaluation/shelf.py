"""What is known of each item at a moment of the replay, and the lists that can be made of it.

Sums decay by the law of `engagement.decay`, kept as the leaderboard's key `log2 S + (t − L) / H`: it never has to be
rescored, so that only items with an event since can enter the head of a list.
"""

import heapq
import math
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from promotions.engagement.decay import HOUR, NOTHING, of_key
from promotions.scoring import formulas

WEIGHTS: Final = {"impression": 0.0, "view": 1.0, "click": 3.0, "cart": 8.0, "purchase": 20.0}
BY_WEIGHT, NEWEST = 200, 100
SAMPLE: Final = 2_000
"""Items that the 99th percentile is taken of: memory and time do not grow with the catalogue."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How lists are made. Hours and days are of the log's time."""

    size: int = 20
    half_life_hours: float = 168.0
    refresh_hours: float = 1.0
    w_popularity: float = 0.7
    explore_share: float = 0.3
    cold_impressions: float = 200.0
    freshness_days: float = 14.0
    seed: int = 1


@dataclass(slots=True)
class Item:
    """One item: when it was first seen, how many events it had, its decayed weight and its decayed events."""

    place: int
    first_at: float
    count: int = 0
    weight_key: float = NOTHING
    seen_key: float = NOTHING


def added(key: float, weight: float, lives: float) -> float:
    """The leaderboard's key after an event of `weight`, `lives` half-lives after the beginning of the log."""
    if weight <= 0:
        return key
    new = math.log2(weight) + lives
    high, low = (new, key) if new > key else (key, new)
    return high + math.log2(1 + 2.0 ** max(low - high, -1_000.0))


@dataclass(slots=True)
class Shelf:
    """Items by name, in the order they appeared."""

    settings: Settings
    items: dict[str, Item] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    began: float | None = None
    _touched: set[str] = field(default_factory=set)
    _heaviest: list[str] = field(default_factory=list)
    _busiest: list[str] = field(default_factory=list)
    _newest: deque[str] = field(default_factory=deque)

    def note(self, at: float, name: str, weight: float) -> None:
        """An event of the item happened."""
        item = self.items.get(name)
        if item is None:
            item = self.items[name] = Item(len(self.names), at)
            self.names.append(name)
            self._newest.appendleft(name)
            if len(self._newest) > max(NEWEST, self.settings.size):
                self._newest.pop()
        lives = self._lives(at)
        item.count += weight > 0
        item.weight_key = added(item.weight_key, weight, lives)
        item.seen_key = added(item.seen_key, 1.0, lives)
        self._touched.add(name)

    def refresh(self) -> None:
        """Bring the heads of the lists up to date: exact, because no other item's key or count can have grown."""
        items = self.items
        most = max(BY_WEIGHT, self.settings.size)
        self._heaviest = heapq.nsmallest(
            most, self._touched.union(self._heaviest), key=lambda name: (-items[name].weight_key, items[name].place)
        )
        self._busiest = heapq.nsmallest(
            most, self._touched.union(self._busiest), key=lambda name: (-items[name].count, items[name].place)
        )
        self._touched.clear()

    def latest(self) -> list[str]:
        """What appeared last."""
        return list(self._newest)[: self.settings.size]

    def busiest(self) -> list[str]:
        """What had the most events since the beginning."""
        return self._busiest[: self.settings.size]

    def heaviest(self) -> list[str]:
        """What has the greatest decayed weight."""
        return self._heaviest[: self.settings.size]

    def by_exposure(self, at: float, dice: random.Random) -> list[str]:
        """By the exposure score: of the heaviest and the newest, as selections are made. Profit is 0.5 for all."""
        names = dict.fromkeys([*self._heaviest, *self._newest])
        p99 = self._level(at, dice)
        scores = {name: self._exposure(self.items[name], at, p99) for name in names}
        order = sorted(names, key=lambda name: (-scores[name], -self.items[name].weight_key, self.items[name].place))
        return order[: self.settings.size]

    def with_trials(self, exposure: Iterable[str], dice: random.Random) -> list[str]:
        """That list with `explore_share` of its places, spread out, for items drawn from the newest ones."""
        listed = list(exposure)
        known = set(listed)
        trials = [name for name in self._newest if name not in known]
        count = min(round(self.settings.explore_share * self.settings.size), len(trials), len(listed))
        drawn = dice.sample(trials, count)
        for number, name in enumerate(drawn):
            listed[(2 * number + 1) * len(listed) // (2 * count)] = name
        return listed

    def _exposure(self, item: Item, at: float, p99: float) -> float:
        settings = self.settings
        return formulas.exposure(
            formulas.saturated(self._sum(item.weight_key, at), p99),
            formulas.cold(self._sum(item.seen_key, at), available=1, target=1, half_known=settings.cold_impressions),
            0.5,
            formulas.freshness((at - item.first_at) / 86_400, settings.freshness_days),
            w_popularity=settings.w_popularity,
            weights=(0.5, 0.3, 0.2),
        )

    def _level(self, at: float, dice: random.Random) -> float:
        few = self.names if len(self.names) <= SAMPLE else dice.sample(self.names, SAMPLE)
        return formulas.level([self._sum(self.items[name].weight_key, at) for name in few])

    def _sum(self, key: float, at: float) -> float:
        return of_key(key - self._lives(at))

    def _lives(self, at: float) -> float:
        if self.began is None:
            self.began = at
        return (at - self.began) / (HOUR * self.settings.half_life_hours)
