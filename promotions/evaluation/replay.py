"""A global timeline replay: at each moment lists are made of what happened before it, and of nothing after.

(Why not split at random: Ji, Sun, Zhang, Li, "A critical study on data leakage in recommender system offline
evaluation", TOIS 41, 2023.) Lists are for everybody, as the home page is, and are made anew each hour of the log.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .measures import GROUPS, Interval, Resamples, Tally, gini, group_of
from .seen import Seen
from .shelf import WEIGHTS, Settings, Shelf

LISTS: Final = ("random", "latest", "raw count", "decayed", "exposure 70/30", "mix 70/30")
BASELINE: Final = "raw count"
SCOPES: Final = ("all", "new to user", "met before")


@dataclass(frozen=True, slots=True)
class Figures:
    """One list's figures: hit ratio and NDCG by scope, what it covers of the catalogue, how unequally."""

    hit_ratio: dict[str, Interval]
    ndcg: dict[str, Interval]
    better: Interval
    coverage: float
    gini: float
    # Hit ratio of the first 1, 2, … places.
    by_size: list[float]


@dataclass(slots=True)
class Outcome:
    """What the replay counted."""

    settings: Settings
    events: int = 0
    targets: int = 0
    began: float = 0.0
    ended: float = 0.0
    chance: float = 0.0
    wholes: dict[str, list[float]] = field(default_factory=lambda: {scope: [0.0] * GROUPS for scope in SCOPES})
    tallies: dict[tuple[str, str], Tally] = field(
        default_factory=lambda: {(name, scope): Tally() for name in LISTS for scope in SCOPES}
    )
    places: dict[str, Counter[int]] = field(default_factory=lambda: {name: Counter() for name in LISTS})
    shown: dict[str, Counter[str]] = field(default_factory=lambda: {name: Counter() for name in LISTS})
    items: int = 0
    mistakes: float = 0.0

    @property
    def expected_random(self) -> float:
        """The hit ratio that a random list has by arithmetic: the mean of size / items, 0 for what was never seen."""
        return self.chance / self.targets if self.targets else 0.0

    def figures(self) -> dict[str, Figures]:
        """Of each list, with intervals."""
        resamples = Resamples(self.settings.seed)
        return {name: self._figures_of(name, resamples) for name in LISTS}

    def _figures_of(self, name: str, resamples: Resamples) -> Figures:
        mine = {scope: self.tallies[name, scope] for scope in SCOPES}
        base = self.tallies[BASELINE, "all"]
        shown, found, by_size = self.shown[name], 0, []
        for place in range(1, self.settings.size + 1):
            found += self.places[name][place]
            by_size.append(found / self.targets if self.targets else 0.0)
        return Figures(
            hit_ratio={scope: resamples.ratio(mine[scope].hits, self.wholes[scope]) for scope in SCOPES},
            ndcg={scope: resamples.ratio(mine[scope].gains, self.wholes[scope]) for scope in SCOPES},
            better=resamples.difference(mine["all"].hits, base.hits, self.wholes["all"]),
            coverage=len(shown) / self.items if self.items else 0.0,
            gini=gini(shown.values(), self.items),
            by_size=by_size,
        )


def replay(
    events: Iterable[tuple[float, list[str]]],
    *,
    settings: Settings,
    targets: frozenset[str],
    warm_up_hours: float = 24.0,
) -> Outcome:
    """Play (moment, [user, item, kind]) in the order of time; every event of the kinds `targets` asks all lists.

    Events of the first `warm_up_hours` only teach.
    """
    play = _Play(settings, targets, warm_up_hours * 3_600)
    for at, (user, item, kind) in events:
        play.step(at, user, item, kind)
    return play.finish()


class _Play:
    """The state between two events."""

    def __init__(self, settings: Settings, targets: frozenset[str], warm_up: float) -> None:
        self.settings, self.targets, self.warm_up = settings, targets, warm_up
        self.outcome = Outcome(settings)
        self.shelf, self.seen = Shelf(settings), Seen()
        self.dice = random.Random(settings.seed)  # noqa: S311 - a list at random
        self.next_refresh = -1.0
        self.lists: dict[str, list[str]] = {}
        self.ranks: dict[str, dict[str, int]] = {}
        self.asked = 0

    def step(self, at: float, user: str, item: str, kind: str) -> None:
        outcome = self.outcome
        if not outcome.events:
            outcome.began = at
        outcome.events += 1
        outcome.ended = at
        if at >= self.next_refresh:
            self._refresh(at)
        was_met = self.seen.meet(user, item) if kind in self.targets else False
        if kind in self.targets and at >= outcome.began + self.warm_up:
            self._ask(user, item, "met before" if was_met else "new to user")
        self.shelf.note(at, item, WEIGHTS[kind])

    def finish(self) -> Outcome:
        self._count_shown()
        self.outcome.items, self.outcome.mistakes = len(self.shelf.items), self.seen.mistakes
        return self.outcome

    def _refresh(self, at: float) -> None:
        self._count_shown()
        step = self.settings.refresh_hours * 3_600
        self.next_refresh = at - at % step + step
        self.shelf.refresh()
        exposure = self.shelf.by_exposure(at, self.dice)
        self.lists = {
            "latest": self.shelf.latest(),
            "raw count": self.shelf.busiest(),
            "decayed": self.shelf.heaviest(),
            "exposure 70/30": exposure,
            "mix 70/30": self.shelf.with_trials(exposure, self.dice),
        }
        self.ranks = {name: {item: rank for rank, item in enumerate(row, 1)} for name, row in self.lists.items()}

    def _ask(self, user: str, item: str, scope: str) -> None:
        outcome, group = self.outcome, group_of(user)
        outcome.targets += 1
        self.asked += 1
        for each in ("all", scope):
            outcome.wholes[each][group] += 1
        names = self.shelf.names
        drawn = self.dice.sample(range(len(names)), min(self.settings.size, len(names)))
        outcome.shown["random"].update([names[place] for place in drawn])
        known = self.shelf.items.get(item)
        if known is None:
            return
        outcome.chance += len(drawn) / len(names)
        self._note("random", drawn.index(known.place) + 1 if known.place in drawn else None, group, scope)
        for name, ranks in self.ranks.items():
            self._note(name, ranks.get(item), group, scope)

    def _note(self, name: str, rank: int | None, group: int, scope: str) -> None:
        if rank is None:
            return
        self.outcome.places[name][rank] += 1
        for each in ("all", scope):
            self.outcome.tallies[name, each].hit(group, rank)

    def _count_shown(self) -> None:
        """Whoever asked since the last refresh was shown these lists."""
        for name, row in self.lists.items():
            if self.asked:
                for item in row:
                    self.outcome.shown[name][item] += self.asked
        self.asked = 0
