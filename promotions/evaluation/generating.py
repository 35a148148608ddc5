"""Logs with a known truth: what the report has to find is known before it looks."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

BEGINNING: Final = 1_767_225_600.0  # 2026-01-01
HOUR: Final = 3_600.0
DAY: Final = 24 * HOUR
FADES_IN: Final = 4 * DAY
KINDS: Final = (("view", 70), ("click", 20), ("cart", 7), ("purchase", 3))
POSITIONS: Final = 3


@dataclass(frozen=True, slots=True)
class Truth:
    """Of a log of events: the hit ratio of the best possible lists, made by who knows every chance."""

    best: float
    items: int


@dataclass(frozen=True, slots=True)
class BanditTruth:
    """Of bandit data: clicks a round of uniform choice, and of the best item in each position."""

    uniform: float
    best: float


def write_events(
    path: Path, *, events: int, items: int = 400, people: int = 2_000, days: int = 30, size: int = 20, seed: int = 1
) -> Truth:
    """A log of the layout `own`: fashions that fade by half in four days, new items every day; its truth.

    What somebody takes is drawn of the items there are, by base · 2^(−age / 4 days), whoever it is: the decayed sum is
    the right thing to count, what was ever counted misleads, and what is newest is only sometimes liked.
    """
    dice = random.Random(seed)  # noqa: S311 - made-up data
    born = sorted(dice.uniform(-10 * DAY, days * DAY) for _ in range(items))
    base = [1 / (1 + dice.randrange(items)) for _ in range(items)]
    best, asked = 0.0, 0
    with path.open("w", encoding="utf-8") as file:
        file.write("at,user,item,kind\n")
        hours = days * 24
        for hour in range(hours):
            there = [n for n in range(items) if born[n] <= hour * HOUR] or [0]
            weights = [base[n] * 2 ** -((hour * HOUR - born[n]) / FADES_IN) for n in there]
            count = events * (hour + 1) // hours - events * hour // hours
            best += count * sum(sorted(weights, reverse=True)[:size]) / sum(weights)
            asked += count
            file.writelines(_an_hour(dice, hour, there, weights, count, people))
    return Truth(best / asked if asked else 0.0, items)


def _an_hour(
    dice: random.Random, hour: int, there: list[int], weights: list[float], count: int, people: int
) -> Iterator[str]:
    kinds, shares = [kind for kind, _share in KINDS], [share for _kind, share in KINDS]
    chosen = dice.choices(there, cum_weights=list(accumulate(weights)), k=count)
    moments = sorted(dice.uniform(0, HOUR) for _ in range(count))
    for moment, item, kind in zip(moments, chosen, dice.choices(kinds, shares, k=count), strict=True):
        at = BEGINNING + hour * HOUR + moment
        yield f"{at:.3f},u{dice.randrange(people)},i{item},{kind}\n"


def write_bandit(path: Path, *, rounds: int, items: int = 12, days: int = 7, seed: int = 1) -> BanditTruth:
    """Bandit data of the layout `openbandit`: items of known click rates, logged by a policy that favours bad ones."""
    dice = random.Random(seed)  # noqa: S311 - made-up data
    rates = [0.02 + 0.1 * n / items for n in range(items)]
    favour = [2 * items - n for n in range(items)]
    chances = [each / sum(favour) for each in favour]
    falls = [1 / (1 + position) ** 0.5 for position in range(POSITIONS)]
    with path.open("w", encoding="utf-8") as file:
        file.write(",timestamp,item_id,position,click,propensity_score\n")
        for number in range(rounds):
            item, position = dice.choices(range(items), chances)[0], dice.randrange(POSITIONS)
            click = int(dice.random() < rates[item] * falls[position])
            at = BEGINNING + days * DAY * number / rounds
            file.write(f"{number},{at:.3f},item{item:02d},{position + 1},{click},{chances[item]:.12f}\n")
    seen = sum(falls) / POSITIONS
    return BanditTruth(uniform=sum(rates) / items * seen, best=max(rates) * seen)
