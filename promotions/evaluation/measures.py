"""Figures of lists, with intervals: people are resampled, not events, because one person's events resemble each other.

People are put into 512 groups by a hash of their name and the groups are resampled (bootstrap over clusters: Field and
Welsh, "Bootstrapping clustered data", JRSS B 69, 2007), so that memory does not grow with them. All lists are measured
on the same resamples: their differences have intervals too.
"""

import hashlib
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

GROUPS: Final = 512
RESAMPLES: Final = 500


class Interval(NamedTuple):
    """An estimate and what 95 of 100 resamples lie between."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


def group_of(person: str) -> int:
    """The person's group."""
    return int.from_bytes(hashlib.blake2b(person.encode(), digest_size=8).digest(), "big") % GROUPS


def discount(rank: int) -> float:
    """What a hit at that place (1 is the first) is worth; with one relevant item this is its NDCG."""
    return 1 / math.log2(rank + 1)


@dataclass(slots=True)
class Tally:
    """Hits of one list among some targets, by group of people."""

    hits: list[float] = field(default_factory=lambda: [0.0] * GROUPS)
    gains: list[float] = field(default_factory=lambda: [0.0] * GROUPS)

    def hit(self, group: int, rank: int) -> None:
        """The target stood in that place."""
        self.hits[group] += 1
        self.gains[group] += discount(rank)


class Resamples:
    """The same draws of groups for everything that is compared."""

    def __init__(self, seed: int, count: int = RESAMPLES) -> None:
        dice = random.Random(seed)  # noqa: S311 - resamples
        self._draws = [dice.choices(range(GROUPS), k=GROUPS) for _ in range(count)]

    def ratio(self, parts: Sequence[float], wholes: Sequence[float]) -> Interval:
        """Sum of the parts over sum of the wholes."""
        draws = sorted(self._ratios(parts, wholes))
        return _interval(_divided(sum(parts), sum(wholes)), draws)

    def difference(self, parts: Sequence[float], others: Sequence[float], wholes: Sequence[float]) -> Interval:
        """How much greater the first ratio is than the second."""
        return self.ratio([a - b for a, b in zip(parts, others, strict=True)], wholes)

    def _ratios(self, parts: Sequence[float], wholes: Sequence[float]) -> Iterable[float]:
        for draw in self._draws:
            yield _divided(sum(map(parts.__getitem__, draw)), sum(map(wholes.__getitem__, draw)))


def gini(counts: Iterable[int], population: int) -> float:
    """How unequally `counts` are spread over so many items (those without any are not given): 0 equally, 1 on one."""
    ordered = sorted(counts)
    total = sum(ordered)
    if not total or not population:
        return 0.0
    empty = population - len(ordered)
    weighted = sum((empty + place) * count for place, count in enumerate(ordered, 1))
    return 2 * weighted / (population * total) - (population + 1) / population


def _divided(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _interval(value: float, ordered: Sequence[float]) -> Interval:
    low, high = (ordered[min(int(share * len(ordered)), len(ordered) - 1)] for share in (0.025, 0.975))
    return Interval(value, low, high)
