"""Estimates of other policies from logged bandit data, beside their known values."""

import random

import pytest

from promotions.evaluation.bandit import Estimate, Policies, catalogue, evaluate
from promotions.evaluation.generating import write_bandit
from promotions.evaluation.layouts import openbandit
from promotions.evaluation.reading import Faults, lines_of, rows_of

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The truth of a generated log, and the estimates."""
    path = tmp_path_factory.mktemp("log") / "all.csv"
    truth = write_bandit(path, rounds=30_000, seed=5)
    rows = list(rows_of(lines_of(path, Faults()), openbandit(), Faults()))
    items, positions = catalogue(rows)
    assert (len(items), positions, len(rows)) == (12, 3, 30_000)
    return truth, evaluate(rows, Policies(items, positions))


def test_the_value_of_choosing_at_random_is_found(known):
    truth, estimates = known

    for interval in (estimates["uniform"].ips, estimates["uniform"].snips):
        assert interval.low < truth.uniform < interval.high


def test_the_better_policy_is_found_though_the_log_favoured_bad_items(known):
    truth, estimates = known

    assert estimates["decayed rate"].snips.low > estimates["uniform"].snips.high
    assert estimates["decayed rate"].snips.low < truth.best
    assert estimates["raw clicks"].snips.value < estimates["decayed rate"].snips.value
    assert estimates["uniform"].snips.value < estimates["mix 70/30"].snips.value < estimates["decayed rate"].snips.value


def test_intervals_hold_the_truth_as_often_as_they_say():
    dice = random.Random(3)
    truth, held_ips, held_snips = (0.05 + 0.2) / 2, 0, 0
    for _ in range(300):
        estimate = Estimate()
        for _ in range(400):
            is_good = dice.random() < 0.25
            estimate.add(0.5 / (0.25 if is_good else 0.75), dice.random() < (0.2 if is_good else 0.05))
        held_ips += estimate.ips.low < truth < estimate.ips.high
        held_snips += estimate.snips.low < truth < estimate.snips.high

    assert 270 <= held_ips <= 298
    assert 270 <= held_snips <= 298


def test_chances_of_a_policy_add_up_to_one_in_every_position():
    policies = Policies(["a", "b", "c", "d"], positions=2)
    for number in range(40):
        policies.learn(number * 600.0, "abcd"[number % 4], number % 3 == 0, 0.25)

    for position in (1, 2):
        sums = {}
        for item in "abcd":
            for name, chance in policies.chances(90_000.0, item, position).items():
                sums[name] = sums.get(name, 0.0) + chance
        assert sums == pytest.approx(dict.fromkeys(sums, 1.0))


def test_without_rounds_there_is_no_estimate():
    estimate = Estimate()

    assert (estimate.ips.value, estimate.snips.value, estimate.effective) == (0.0, 0.0, 0.0)
