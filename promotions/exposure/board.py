"""Candidates and what is left of them while places are filled: caps, similarity, repetition. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

RELEVANCE = 0.8
"""λ of maximal marginal relevance: what a product is worth by itself, against being unlike the others."""
SAME_CATEGORY, SAME_STORE, SAME_BRAND = 0.5, 0.3, 0.2
"""How alike two products are, in parts of one."""
DAMPING = 0.6
"""What each time that the viewer was shown a product in 24 hours leaves of its worth."""
MOST_REPEATS = 5
"""Shown so often in 24 hours, it is left out until nothing else is left."""


class Rule(StrEnum):
    """What may give way when places cannot be filled otherwise, in this order."""

    STORE = "store"
    CATEGORY = "category"
    REPETITION = "repetition"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product that may be shown, with its scores (0 to 1) and its decayed viewable impressions and clicks."""

    product_id: UUID
    category_id: UUID
    store_id: UUID
    brand_id: UUID | None = None
    popularity: float = 0.0
    cold: float = 0.0
    profit: float = 0.0
    freshness: float = 0.0
    log_key: float = 0.0
    impressions: float = 0.0
    clicks: float = 0.0
    shown_count: int = 0  # to this viewer, in 24 hours
    # How much the viewer takes to its category, as a share of the strongest interest; nothing outside of them.
    affinity: float = 0.0


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers a selection is made with. Weights as `scoring` has them; no category cap is none."""

    size: int
    category_cap: int | None
    store_cap: int
    explore_share: float = 0.3
    w_popularity: float = 0.7
    w_cold: float = 0.5
    w_profit: float = 0.3
    w_freshness: float = 0.2
    trial_budget: float = 200.0
    most_repeats: int = MOST_REPEATS
    is_personal: bool = False  # what the viewer takes no interest in counts half
    is_fallback: bool = False

    def parts_of(self, candidate: Candidate) -> tuple[float, float, float, float]:
        """What popularity, cold, profit and freshness bring to the exposure score; their sum is the score."""
        rest = 1.0 - self.w_popularity
        return (
            self.w_popularity * candidate.popularity,
            rest * self.w_cold * candidate.cold,
            rest * self.w_profit * candidate.profit,
            rest * self.w_freshness * candidate.freshness,
        )

    def damping(self, candidate: Candidate) -> float:
        """What repetition leaves of the candidate's worth."""
        return float(DAMPING**candidate.shown_count)

    def liking(self, candidate: Candidate) -> float:
        """What the viewer's interests leave of the candidate's worth."""
        return 0.5 + 0.5 * candidate.affinity if self.is_personal else 1.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The best of what is left, and which rules had to give way for it."""

    index: int
    score: float
    similarity: float
    gave_way: tuple[Rule, ...]


class Board:
    """Candidates in order of exposure (ties by leaderboard key, then by id), and what has been taken of them.

    The similarity of each to what was taken is a running maximum, and so is the rule that each would break: taking one
    changes them for those of its category, store and brand alone. Filling k places of N candidates costs k·N.
    """

    def __init__(self, candidates: Iterable[Candidate], settings: Settings) -> None:
        scored = [(sum(settings.parts_of(each)), each) for each in candidates]
        scored.sort(key=lambda pair: (-pair[0], -pair[1].log_key, pair[1].product_id))
        self.settings = settings
        self.candidates = [each for _, each in scored]
        self.exposures = [score for score, _ in scored]
        self.categories: Counter[UUID] = Counter()
        self.stores: Counter[UUID] = Counter()
        self._worth = [RELEVANCE * score * settings.damping(each) * settings.liking(each) for score, each in scored]
        self._similar = [0.0] * len(scored)
        self._left = list(range(len(scored)))
        self._reserved: set[int] = set()
        self._indexes = {each.product_id: index for index, each in enumerate(self.candidates)}
        self._of_category: dict[UUID, list[int]] = defaultdict(list)
        self._of_store: dict[UUID, list[int]] = defaultdict(list)
        self._of_brand: dict[UUID | None, list[int]] = defaultdict(list)
        for index, each in enumerate(self.candidates):
            self._of_category[each.category_id].append(index)
            self._of_store[each.store_id].append(index)
            self._of_brand[each.brand_id].append(index)
        self._levels = [self._level(index) for index in self._left]

    def index_of(self, product_id: UUID) -> int | None:
        """Where the product stands, unless it is none or was taken."""
        index = self._indexes.get(product_id)
        return index if index is not None and index in self._left else None

    def take(self, index: int) -> None:
        """It has a place: it counts against caps, and what is like it is worth less."""
        taken = self.candidates[index]
        self._left.remove(index)
        self._reserved.discard(index)
        self._count({taken.category_id}, {taken.store_id})
        alike_in_something = {*self._of_category[taken.category_id], *self._of_store[taken.store_id]}
        if taken.brand_id is not None:
            alike_in_something.update(self._of_brand[taken.brand_id])
        for other in alike_in_something:
            self._similar[other] = max(self._similar[other], similarity(self.candidates[other], taken))

    def reserve(self, indexes: Iterable[int]) -> None:
        """They compete in one trial: nothing else takes them, and what any of them would use up is set aside."""
        group = list(indexes)
        self._reserved.update(group)
        self._count(
            {self.candidates[index].category_id for index in group},
            {self.candidates[index].store_id for index in group},
        )

    def free_count(self) -> int:
        """How many are left outside the trials."""
        return len(self._left) - len(self._reserved)

    def best(self) -> Choice:
        """The one that breaks the least important rules, and among those the highest marginal relevance."""
        levels, worth, similar, reserved = self._levels, self._worth, self._similar, self._reserved
        chosen, lowest, highest = -1, 9, 0.0
        for index in self._left:
            level = levels[index]
            if level > lowest or index in reserved:
                continue
            score = worth[index] - (1.0 - RELEVANCE) * similar[index]
            if level < lowest or score > highest:
                chosen, lowest, highest = index, level, score
        return Choice(chosen, highest, similar[chosen], self._broken_by(chosen))

    def untried(self) -> list[int]:
        """What is left, in stock and new, and within its budget of impressions; the coldest first."""
        free = (index for index in self._left if index not in self._reserved)
        found = [index for index in free if self._is_untried(self.candidates[index])]
        return sorted(found, key=lambda index: (-self.candidates[index].cold, index))

    def scores_of(self, index: int) -> dict[str, Any]:
        """The numbers of a candidate, to be kept with its place."""
        one = self.candidates[index]
        return {
            "exposure": round(self.exposures[index], 6),
            "popularity": round(one.popularity, 4),
            "cold": round(one.cold, 4),
            "profit": round(one.profit, 4),
            "freshness": round(one.freshness, 4),
            "impressions": round(one.impressions, 2),
        }

    def _is_untried(self, one: Candidate) -> bool:
        settings = self.settings
        return one.cold > 0.0 and one.impressions < settings.trial_budget and one.shown_count < settings.most_repeats

    def _count(self, categories: AbstractSet[UUID], stores: AbstractSet[UUID]) -> None:
        """One more of each, and what that means for the rest of them."""
        self.categories.update(categories)
        self.stores.update(stores)
        for category in categories:
            self._relevel(self._of_category[category])
        for store in stores:
            self._relevel(self._of_store[store])

    def _relevel(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            self._levels[index] = self._level(index)

    def _level(self, index: int) -> int:
        one, settings = self.candidates[index], self.settings
        if one.shown_count >= settings.most_repeats:
            return 3
        if settings.category_cap is not None and self.categories[one.category_id] >= settings.category_cap:
            return 2
        return 1 if self.stores[one.store_id] >= settings.store_cap else 0

    def _broken_by(self, index: int) -> tuple[Rule, ...]:
        one, settings = self.candidates[index], self.settings
        broken = []
        if self.stores[one.store_id] >= settings.store_cap:
            broken.append(Rule.STORE)
        if settings.category_cap is not None and self.categories[one.category_id] >= settings.category_cap:
            broken.append(Rule.CATEGORY)
        if one.shown_count >= settings.most_repeats:
            broken.append(Rule.REPETITION)
        return tuple(broken)


def similarity(one: Candidate, other: Candidate) -> float:
    """From 0 to 1: how much two products have in common."""
    alike = SAME_CATEGORY if one.category_id == other.category_id else 0.0
    if one.store_id == other.store_id:
        alike += SAME_STORE
    if one.brand_id is not None and one.brand_id == other.brand_id:
        alike += SAME_BRAND
    return alike
