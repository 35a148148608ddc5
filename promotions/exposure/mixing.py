"""The mix: which products stand in which places, and why. Pure: values in, values out.

Two steps. `plan` is a function of candidates, pins and settings alone: pins, the places by exposure (greedy maximal
marginal relevance; Carbonell and Goldstein, SIGIR 1998), and for each place of trial the products that compete for
it. `draw` lets the seed decide those. The groups of the trials are dealt so that whatever is drawn keeps the caps:
trials do not depend on one another, and the chance of every product to stand in a place is known (`trials.chances`).
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from .board import Board, Candidate, Rule, Settings
from .dealing import Table
from .models import Reason
from .trials import Belief, belief, chances, draw_highest

CAPS_IN = 24
CATEGORY_CAP, STORE_CAP = 4, 3
"""So many of a category and of a store in `CAPS_IN` places, or in fewer."""
DEFAULT_PRIOR = 0.02
"""The click-through rate of a category that nobody has seen yet."""
PRIOR_IMPRESSIONS = 50.0


@dataclass(frozen=True, slots=True)
class Pinned:
    """Staff want the product in that place (from 1 on)."""

    pin_id: UUID
    product_id: UUID
    position: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A product in its place. `propensity`: the chance that it stands there, over all seeds."""

    position: int
    product_id: UUID
    reason: Reason
    propensity: float
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mix:
    """The places in order, and which rules had to give way to fill them."""

    placed: tuple[Placed, ...]
    relaxed: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """The products that compete for a place, and what is believed of each."""

    position: int
    members: tuple[Candidate, ...]
    beliefs: tuple[Belief, ...]
    prior_rates: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All that does not depend on the seed."""

    settings: Settings
    fixed: tuple[Placed, ...]
    trials: tuple[Trial, ...]
    candidates: Mapping[UUID, Candidate]


def caps_for(size: int, *, is_one_category: bool) -> tuple[int | None, int]:
    """The most of a category and of a store in a selection of that size; more only above `CAPS_IN` places.

    Whoever looks at one category asked for it: there it has no cap.
    """
    share = max(1.0, size / CAPS_IN)
    return None if is_one_category else math.ceil(CATEGORY_CAP * share), math.ceil(STORE_CAP * share)


def category_rates(candidates: Iterable[Candidate]) -> Mapping[UUID, float]:
    """The click-through rate of each category, from its candidates' decayed clicks and viewable impressions.

    One that was hardly seen is drawn towards `DEFAULT_PRIOR`, which counts as `PRIOR_IMPRESSIONS`.
    """
    clicked: dict[UUID, float] = {}
    sums: dict[UUID, float] = {}
    for each in sorted(candidates, key=lambda one: one.product_id.int):
        sums[each.category_id] = sums.get(each.category_id, 0.0) + max(0.0, each.impressions)
        clicked[each.category_id] = clicked.get(each.category_id, 0.0) + max(0.0, each.clicks)
    return {
        category: (clicked[category] + DEFAULT_PRIOR * PRIOR_IMPRESSIONS) / (sums[category] + PRIOR_IMPRESSIONS)
        for category in sums
    }


def mix(
    candidates: Iterable[Candidate],
    *,
    pins: Sequence[Pinned],
    prior_rates: Mapping[UUID, float],
    settings: Settings,
    seed: str,
) -> Mix:
    """Fill the places. The same candidates, pins, settings and seed give the same answer, in whatever order they come.

    `prior_rates`: the click-through rate of categories, for products that few have seen. There are as many places as
    asked for, or as candidates. A pin without a candidate (out of stock, hidden) is passed over.
    """
    planned = plan(candidates, pins=pins, prior_rates=prior_rates, settings=settings)
    return draw(planned, Random(seed))  # noqa: S311 - nobody is kept from guessing it


def plan(
    candidates: Iterable[Candidate], *, pins: Sequence[Pinned], prior_rates: Mapping[UUID, float], settings: Settings
) -> Plan:
    """What no seed decides: pins, places by exposure, and who competes for each place of trial."""
    board = Board(candidates, settings)
    places = min(settings.size, len(board.candidates))
    fixed = _place_pins(board, pins, places)
    trial_places = explore_positions(places, settings.explore_share, taken=fixed)[: len(board.untried())]
    table = Table(board, len(trial_places))
    table.deal_first(others=places - len(fixed) - len(trial_places))
    for position in range(1, places + 1):
        if position not in fixed and position not in trial_places:
            fixed[position] = _by_exposure(board, position)
    table.deal_rest()
    trials = []
    for position, group in zip(trial_places, table.groups, strict=True):
        if group:
            trials.append(_trial(board, position, group, prior_rates))
        else:
            fixed[position] = _by_exposure(board, position)
    placed = tuple(fixed[position] for position in sorted(fixed))
    return Plan(settings, placed, tuple(trials), {each.product_id: each for each in board.candidates})


def draw(planned: Plan, random: Random) -> Mix:
    """Let chance decide the trials."""
    placed = [*planned.fixed, *(_try(trial, random) for trial in planned.trials)]
    placed.sort(key=lambda each: each.position)
    return Mix(tuple(placed), broken_rules(placed, planned.candidates, planned.settings))


def broken_rules(
    placed: Iterable[Placed], candidates: Mapping[UUID, Candidate], settings: Settings
) -> tuple[Rule, ...]:
    """Which caps the places exceed, and whether something is shown again that was shown too often; pins count."""
    shown = [(each, candidates[each.product_id]) for each in placed]
    stores = Counter(candidate.store_id for _, candidate in shown)
    categories = Counter(candidate.category_id for _, candidate in shown)
    broken = []
    if any(count > settings.store_cap for count in stores.values()):
        broken.append(Rule.STORE)
    if settings.category_cap is not None and any(count > settings.category_cap for count in categories.values()):
        broken.append(Rule.CATEGORY)
    if any(each.shown_count >= settings.most_repeats for place, each in shown if place.reason != Reason.PINNED):
        broken.append(Rule.REPETITION)
    return tuple(broken)


def explore_positions(places: int, share: float, *, taken: Iterable[int] = ()) -> list[int]:
    """`round(share · places)` places spread out, one of them in the upper third; beside those that are taken.

    The middle of each of as many equal stretches, the first moved up where it lies below the third. A taken place gives
    way to the nearest free one, the upper one of two.
    """
    count = math.floor(share * places + 0.5)
    free = set(range(1, places + 1)) - set(taken)
    found = []
    for number in range(min(count, len(free))):
        wanted = math.floor((number + 0.5) * places / count) + 1
        if number == 0:
            wanted = min(wanted, math.ceil(places / 3))
        nearest = min(free, key=lambda position: (abs(position - wanted), position))
        free.remove(nearest)
        found.append(nearest)
    return sorted(found)


def _place_pins(board: Board, pins: Sequence[Pinned], places: int) -> dict[int, Placed]:
    """Pins in their places. Those behind the last place of a short selection take its last free ones, in order."""
    wanted: dict[int, tuple[Pinned, int]] = {}
    for pin in sorted(pins, key=lambda each: (each.position, each.pin_id)):
        index = board.index_of(pin.product_id)
        if index is not None and pin.position <= board.settings.size and pin.position not in wanted:
            wanted[pin.position] = (pin, index)
            board.take(index)
    found = {position: chosen for position, chosen in wanted.items() if position <= places}
    behind = sorted((position for position in wanted if position > places), reverse=True)
    for position, free in zip(behind, sorted(set(range(1, places + 1)) - set(found), reverse=True), strict=False):
        found[free] = wanted[position]
    return {
        position: Placed(
            position,
            pin.product_id,
            Reason.PINNED,
            1.0,
            {"pin": str(pin.pin_id), "pinned_at": pin.position, **board.scores_of(index)},
        )
        for position, (pin, index) in found.items()
    }


def _by_exposure(board: Board, position: int) -> Placed:
    """The best that is left, less what it has in common with what stands there already."""
    choice = board.best()
    board.take(choice.index)
    candidate = board.candidates[choice.index]
    evidence = {
        **board.scores_of(choice.index),
        "similarity": round(choice.similarity, 4),
        "score": round(choice.score, 6),
        "shown": candidate.shown_count,
        "gave_way": [rule.value for rule in choice.gave_way],
    }
    if board.settings.is_personal:
        evidence["affinity"] = round(candidate.affinity, 4)
    return Placed(position, candidate.product_id, _reason(candidate, board.settings), 1.0, evidence)


def _reason(candidate: Candidate, settings: Settings) -> Reason:
    """What weighs most in its exposure score."""
    if settings.is_fallback:
        return Reason.FALLBACK
    if settings.is_personal and candidate.affinity > 0.0:
        return Reason.PERSONAL
    parts = settings.parts_of(candidate)
    names = (Reason.POPULAR, Reason.COLD_BOOST, Reason.PROFIT, Reason.FRESH)
    return names[max(range(4), key=parts.__getitem__)]


def _trial(board: Board, position: int, group: Sequence[int], prior_rates: Mapping[UUID, float]) -> Trial:
    members = tuple(board.candidates[index] for index in group)
    rates = tuple(prior_rates.get(each.category_id, DEFAULT_PRIOR) for each in members)
    beliefs = tuple(
        belief(prior_rate=rate, clicks=each.clicks, impressions=each.impressions, scale=board.settings.damping(each))
        for each, rate in zip(members, rates, strict=True)
    )
    return Trial(position, members, beliefs, rates)


def _try(trial: Trial, random: Random) -> Placed:
    index, rate = draw_highest(trial.beliefs, random)
    member = trial.members[index]
    chance = chances(trial.beliefs)[index]
    evidence = {
        "cold": round(member.cold, 4),
        "impressions": round(member.impressions, 2),
        "clicks": round(member.clicks, 2),
        "category_rate": round(trial.prior_rates[index], 5),
        "drawn_rate": round(rate, 5),
        "rivals": len(trial.members) - 1,
        "shown": member.shown_count,
    }
    return Placed(trial.position, member.product_id, Reason.COLD_BOOST, chance, evidence)
