"""Experiments drawn from populations with a known truth: false alarms, coverage, what naive reading would have said."""

import math
import random
from collections import Counter
from itertools import pairwise, product

import pytest

from promotions.experiments.inference.balance import sample_ratio
from promotions.experiments.inference.distributions import chi_square_tail
from promotions.experiments.inference.proportions import difference_of_proportions
from promotions.experiments.models import Experiment, ExperimentVariant
from promotions.experiments.report import compare
from promotions.experiments.selectors import NOTHING

from .populations import Population, binomial, together

METRICS = Experiment.Metric.values
RUNS = 1_000
UNITS = 500
VARIANT = ExperimentVariant(key="more")
USUAL = Population()
pytestmark = pytest.mark.once


def within(count: int, rate: float, runs: int = RUNS) -> bool:
    """Whether so many of the runs are what the rate lets happen, but for one time in a thousand (normal limits)."""
    return abs(count - runs * rate) <= 3.29 * math.sqrt(runs * rate * (1.0 - rate)) + 0.5


def compared(metric, ours, theirs, *, basis="fixed"):
    return compare(metric, VARIANT, ours, theirs, alpha=0.05, basis=basis)


@pytest.fixture(scope="module")
def same_ways():
    """A thousand experiments whose ways are the same."""
    chance = random.Random(20260601)
    return [(USUAL.draw(UNITS, chance), USUAL.draw(UNITS, chance)) for _run in range(RUNS)]


@pytest.mark.parametrize("metric", METRICS)
def test_a_thousand_experiments_without_effect_raise_false_alarms_at_the_stated_rate(metric, same_ways):
    found = [compared(metric, ours, theirs) for ours, theirs in same_ways]

    assert within(sum(each.verdict != "undecided" for each in found), 0.05)
    assert within(sum(each.p_value < 0.05 for each in found), 0.05)
    assert within(sum(each.p_value < 0.01 for each in found), 0.01)
    assert within(sum(each.verdict == "better" for each in found), 0.025)


@pytest.mark.parametrize("metric", [METRICS[0], METRICS[2]])
def test_p_values_without_effect_are_spread_evenly(metric, same_ways):
    tenths = [0] * 10
    for ours, theirs in same_ways:
        tenths[min(9, int(compared(metric, ours, theirs).p_value * 10))] += 1

    # Not of shares: so few buyers come in steps.
    assert chi_square_tail(sum((seen - 100) ** 2 / 100 for seen in tenths), 9) > 0.001


def test_impressions_taken_for_independent_draws_would_raise_many_more(same_ways):
    """The control run: it shows that the population would catch a test that forgets who saw what."""
    alarms = sum(
        found.p_value < 0.05
        for ours, theirs in same_ways
        if (found := difference_of_proportions(*ours.clicks[1:3], *theirs.clicks[1:3], alpha=0.05))
    )

    assert alarms > 0.2 * RUNS


@pytest.mark.parametrize("metric", METRICS)
def test_intervals_hold_a_planted_effect_at_the_stated_rate_and_find_it(metric):
    keen, chance = Population(keener=2.0, buys=0.12), random.Random(42)
    truth = {name: getattr(keen, name) - getattr(USUAL, name) for name in ("hit_ratio", "conversion", "amount")}
    planted = truth[{METRICS[0]: "hit_ratio", METRICS[1]: "conversion", METRICS[2]: "amount"}[metric]]

    found = [compared(metric, keen.draw(UNITS, chance), USUAL.draw(UNITS, chance)) for _run in range(RUNS)]

    assert within(sum(each.low <= planted <= each.high for each in found), 0.95)
    assert sum(each.any_time_low <= planted <= each.any_time_high for each in found) > 0.98 * RUNS
    assert sum(each.verdict == "better" for each in found) > 0.6 * RUNS
    assert not any(each.verdict == "worse" for each in found)


def test_looking_often_is_safe_at_any_time_and_not_at_the_fixed_horizon():
    chance, runs = random.Random(7), 300
    fooled = Counter()
    for _run in range(runs):
        ours = theirs = NOTHING
        seen = set()
        for _look in range(15):
            ours, theirs = together(ours, USUAL.draw(100, chance)), together(theirs, USUAL.draw(100, chance))
            for metric, basis in product(METRICS, ("fixed", "any_time")):
                if compared(metric, ours, theirs, basis=basis).verdict in {"better", "worse"}:
                    seen.add((metric, basis))
        fooled.update(seen)

    assert all(fooled[metric, "any_time"] <= 0.05 * runs for metric in METRICS)
    assert all(fooled[metric, "fixed"] > 0.12 * runs for metric in METRICS)


def test_a_sample_ratio_in_order_raises_an_alarm_about_once_in_a_thousand():
    chance = random.Random(3)
    splits = [binomial(100_000, chance) for _run in range(RUNS)]
    checks = [sample_ratio([ours, 100_000 - ours], [5_000, 5_000]) for ours in splits]

    assert sum(each.is_alarm for each in checks) <= 5
    assert within(sum(each.p_value < 0.05 for each in checks), 0.05)


def test_a_planted_51_to_49_is_caught():
    chance = random.Random(5)
    splits = [binomial(100_000, chance, share=0.51) for _run in range(200)]

    caught = sum(sample_ratio([ours, 100_000 - ours], [5_000, 5_000]).is_alarm for ours in splits)

    assert caught >= 0.99 * 200


def test_the_populations_are_what_they_say():
    drawn = USUAL.draw(200_000, random.Random(1))

    assert drawn.clicks.y / drawn.clicks.x == pytest.approx(USUAL.hit_ratio, rel=0.03)
    assert drawn.buyers / drawn.units == pytest.approx(USUAL.conversion, rel=0.05)
    assert drawn.amount.y / drawn.units == pytest.approx(USUAL.amount, rel=0.05)
    assert all(a <= b for a, b in pairwise(USUAL._ends))
