"""Populations of units with a known truth, to draw experiments from: everything seeded, nothing of a database.

Units differ: half of them never click, most click now and then, a few often, and those who see more places see many. A
test that took impressions for independent draws would be fooled by them (`test_simulations` shows it).
"""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate

from promotions.experiments.inference.means import MeanSums
from promotions.experiments.inference.ratios import RatioSums
from promotions.experiments.selectors import VariantSums, ratio_sums

SEEN = {1: 0.30, 2: 0.20, 4: 0.20, 8: 0.15, 16: 0.10, 32: 0.05}
CLICKERS = {0.0: 0.50, 0.05: 0.40, 0.35: 0.10}
AMOUNTS = (4_900, 9_900, 19_900, 34_900, 59_900, 149_900)
Cell = tuple[int, int, int]  # clicks, impressions, amount


class Population:
    """Units that click `keener` times as often as the usual ones, and buy with chance `buys`."""

    def __init__(self, *, keener: float = 1.0, buys: float = 0.05) -> None:
        weighted = dict(self._cells(keener, buys))
        self.cells = list(weighted)
        self._ends = list(accumulate(weighted.values()))
        mean = {
            name: sum(cell[place] * weight for cell, weight in weighted.items()) for place, name in enumerate("cia")
        }
        self.hit_ratio = mean["c"] / mean["i"]
        self.conversion = buys
        self.amount = mean["a"]

    @staticmethod
    def _cells(keener: float, buys: float) -> Iterator[tuple[Cell, float]]:
        merged: defaultdict[Cell, float] = defaultdict(float)
        for seen, share in SEEN.items():
            for rate, part in CLICKERS.items():
                chance = min(1.0, rate * keener)
                for clicks in range(seen + 1):
                    binomial = math.comb(seen, clicks) * chance**clicks * (1.0 - chance) ** (seen - clicks)
                    merged[clicks, seen, 0] += share * part * binomial * (1.0 - buys)
                    for amount in AMOUNTS:
                        merged[clicks, seen, amount] += share * part * binomial * buys / len(AMOUNTS)
        yield from ((cell, weight) for cell, weight in merged.items() if weight > 0.0)

    def draw(self, units: int, chance: random.Random) -> VariantSums:
        """What so many units of it did."""
        return sums_of(Counter(chance.choices(self.cells, cum_weights=self._ends, k=units)))


def sums_of(cells: Counter[Cell]) -> VariantSums:
    """As the database would add them up."""
    clicks = ratio_sums((c, i, units) for (c, i, _a), units in cells.items())
    amounts = [(a, units) for (_c, _i, a), units in cells.items() if a]
    buyers = sum(units for _a, units in amounts)
    amount = MeanSums(clicks.units, sum(a * units for a, units in amounts), sum(a * a * units for a, units in amounts))
    return VariantSums(clicks, amount, buyers, buyers)


def together(ours: VariantSums, theirs: VariantSums) -> VariantSums:
    """Of two draws, one after the other."""
    return VariantSums(
        RatioSums(*(a + b for a, b in zip(ours.clicks, theirs.clicks, strict=True))),
        MeanSums(*(a + b for a, b in zip(ours.amount, theirs.amount, strict=True))),
        ours.buyers + theirs.buyers,
        ours.purchases + theirs.purchases,
    )


def binomial(units: int, chance: random.Random, *, share: float = 0.5, bits: int = 24) -> int:
    """How many of so many units fall to a share: whole rows of random bits, joined so that each is set with `share`.

    Exact to 2^−24: from the last binary digit of the share to the first, a 1 is an OR with fresh bits, a 0 an AND.
    """
    digits, row = round(share * (1 << bits)), 0
    for place in range(bits):
        fresh = chance.getrandbits(units)
        row = row | fresh if digits >> place & 1 else row & fresh
    return row.bit_count()
