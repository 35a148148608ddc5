"""Formulas against published values, exact cases, and the figures of raw rows."""

import math
import random
import statistics

import pytest

from promotions.experiments.inference.balance import sample_ratio
from promotions.experiments.inference.distributions import (
    chi_square_tail,
    critical_t,
    critical_z,
    normal_two_sided,
    student_two_sided,
)
from promotions.experiments.inference.intervals import Difference
from promotions.experiments.inference.looking import TIGHT_AT, at_any_time, reach_at_any_time
from promotions.experiments.inference.means import MeanSums, difference_of_means, mean
from promotions.experiments.inference.proportions import difference_of_proportions, proportion, wilson_limits
from promotions.experiments.inference.ratios import RatioSums, difference_of_ratios, ratio, ratio_variance


def mean_sums(values: list[int]) -> MeanSums:
    return MeanSums(len(values), sum(values), sum(value * value for value in values))


def some(difference: Difference | None) -> Difference:
    """There is one."""
    assert difference is not None
    return difference


def ratio_sums_of(rows: list[tuple[int, int]]) -> RatioSums:
    """Of (clicks, impressions) of each unit."""
    return RatioSums(
        len(rows),
        sum(y for y, _x in rows),
        sum(x for _y, x in rows),
        sum(y * y for y, _x in rows),
        sum(x * x for _y, x in rows),
        sum(x * y for y, x in rows),
    )


def test_the_normal_distribution_has_the_values_of_every_table():
    assert critical_z(0.05) == pytest.approx(1.959964, abs=1e-6)
    assert critical_z(0.001) == pytest.approx(3.290527, abs=1e-6)
    assert normal_two_sided(-1.959963984540054) == pytest.approx(0.05, abs=1e-12)


@pytest.mark.parametrize(
    ("x", "df", "tail"),
    [
        (3.841459, 1, 0.05), (10.827566, 1, 0.001), (5.991465, 2, 0.05), (13.815511, 2, 0.001),
        (7.814728, 3, 0.05), (9.487729, 4, 0.05), (18.466827, 4, 0.001), (16.918978, 9, 0.05), (29.588298, 10, 0.001),
    ],
)  # fmt: skip
def test_chi_squared_has_the_values_of_every_table(x, df, tail):
    assert chi_square_tail(x, df) == pytest.approx(tail, rel=1e-5)
    assert chi_square_tail(0.0, df) == 1.0


@pytest.mark.parametrize(
    ("df", "t"),
    [(1, 12.706205), (2, 4.302653), (5, 2.570582), (10, 2.228139), (30, 2.042272), (120, 1.979930), (10**6, 1.959966)],
)
def test_students_t_has_the_values_of_every_table(df, t):
    assert critical_t(0.05, df) == pytest.approx(t, abs=2e-6)


@pytest.mark.parametrize("df", [100.0, 173.4, 5_000.0])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_expansion_for_many_degrees_of_freedom_agrees_with_the_tail(alpha, df):
    assert student_two_sided(critical_t(alpha, df), df) == pytest.approx(alpha, rel=1e-7)


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 4.0, 50.0])
def test_students_t_agrees_with_its_closed_forms(t):
    assert student_two_sided(t, 1) == pytest.approx(1.0 - 2.0 / math.pi * math.atan(t), rel=1e-10)
    assert student_two_sided(-t, 2) == pytest.approx(1.0 - t / math.sqrt(2.0 + t * t), rel=1e-10)


# Newcombe 1998, Statistics in Medicine 17, 857–872, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "units", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_has_the_published_limits(hits, units, low, high):
    assert wilson_limits(hits, units, alpha=0.05) == pytest.approx((low, high), abs=5e-5)


# Newcombe 1998, Statistics in Medicine 17, 873–890, table II, method 10.
@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926), ((0, 10), (0, 20), -0.1611, 0.2775), ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)  # fmt: skip
def test_newcombes_interval_has_the_published_limits(ours, theirs, low, high):
    difference = some(difference_of_proportions(*ours, *theirs, alpha=0.05))

    assert (difference.low, difference.high) == pytest.approx((low, high), abs=6e-5)


def test_the_p_value_of_proportions_is_pearsons():
    # 2 × 2: (30, 70), (45, 55). χ² = n(ad − bc)² / products of the margins = 4.8; its tail is 0.02846.
    difference = some(difference_of_proportions(30, 100, 45, 100, alpha=0.05))
    expected = 200 * (30 * 55 - 70 * 45) ** 2 / (100 * 100 * 75 * 125)

    assert expected == pytest.approx(4.8)
    assert difference.p_value == pytest.approx(chi_square_tail(expected, 1), rel=1e-12)


def test_welchs_test_has_the_textbooks_outcome():
    first = [275, 210, 190, 236, 170, 179, 169, 201, 219, 226, 231, 196, 190, 217, 214]
    second = [271, 220, 208, 234, 234, 235, 258, 220, 248, 202, 219, 221, 229, 205, 244]

    difference = some(difference_of_means(mean_sums(first), mean_sums(second), alpha=0.05))

    assert difference.value == pytest.approx(statistics.fmean(first) - statistics.fmean(second))
    assert difference.value / difference.error == pytest.approx(-2.46, abs=0.005)
    assert difference.p_value == pytest.approx(0.021, abs=0.0005)
    assert difference.low < difference.high < 0.0


def test_a_means_variance_is_that_of_the_raw_rows():
    values = [0] * 97 + [4_900, 19_900, 3_000_000_000]

    estimate = mean(mean_sums(values), alpha=0.05)

    reach = critical_t(0.05, 99) * statistics.stdev(values) / 10
    assert (estimate.low, estimate.high) == pytest.approx((estimate.value - reach, estimate.value + reach), rel=1e-12)


def test_a_ratios_variance_is_that_of_the_linearised_rows():
    chance = random.Random(7)
    rows = [(chance.randint(0, 3), chance.randint(3, 9)) for _unit in range(200)]
    value = sum(y for y, _x in rows) / sum(x for _y, x in rows)
    middle = statistics.fmean(x for _y, x in rows)
    linear = [(y - value * x) / middle for y, x in rows]

    assert ratio_variance(ratio_sums_of(rows)) == pytest.approx(statistics.variance(linear) / 200, rel=1e-9)


def test_a_ratio_over_ones_is_a_mean():
    rows = [(1, 1)] * 30 + [(0, 1)] * 70

    assert ratio_variance(ratio_sums_of(rows)) == pytest.approx(0.3 * 0.7 / 99)


def test_a_ratios_variance_is_what_the_bootstrap_finds():
    chance = random.Random(11)
    rows = [(int(chance.random() < 0.2) * chance.randint(1, 4), chance.choice((4, 6, 12))) for _unit in range(400)]
    draws = [ratio_sums_of(chance.choices(rows, k=400)) for _draw in range(1_000)]

    spread = statistics.variance(each.y / each.x for each in draws)
    assert ratio_variance(ratio_sums_of(rows)) == pytest.approx(spread, rel=0.15)


def test_where_nothing_varies_nothing_is_said():
    nobody = RatioSums(50, 0, 200, 0, 900, 0)

    assert (ratio(nobody, alpha=0.05).low, ratio(nobody, alpha=0.05).high) == (None, None)
    assert difference_of_ratios(nobody, nobody, alpha=0.05) is None
    assert difference_of_means(MeanSums(50, 0, 0), MeanSums(50, 0, 0), alpha=0.05) is None
    assert mean(MeanSums(1, 5, 25), alpha=0.05).low is None
    assert ratio(RatioSums(0, 0, 0, 0, 0, 0), alpha=0.05).value == 0.0
    assert proportion(0, 0, alpha=0.05).low is None
    assert difference_of_proportions(0, 0, 1, 10, alpha=0.05) is None


def test_nobody_in_many_units_leaves_the_interval_of_a_share_open():
    difference = some(difference_of_proportions(0, 1_000, 0, 1_000, alpha=0.05))

    assert difference.p_value == 1.0
    assert difference.error > 0.0
    assert difference.low < 0.0 < difference.high


def test_a_sample_ratio_of_51_to_49_is_an_alarm_and_what_is_in_order_none():
    planted, in_order = sample_ratio([51_000, 49_000], [5_000, 5_000]), sample_ratio([50_150, 49_850], [5_000, 5_000])

    assert planted.statistic == pytest.approx(40.0)
    assert planted.is_alarm
    assert planted.p_value == pytest.approx(2.54e-10, rel=0.01)
    assert not in_order.is_alarm
    assert in_order.p_value == pytest.approx(0.3428, abs=1e-4)


def test_shares_are_weights_and_nobody_yet_is_no_alarm():
    assert sample_ratio([900, 90, 10], [9_000, 900, 100]).statistic == pytest.approx(0.0)
    assert sample_ratio([0, 0], [1, 1]).p_value == 1.0
    with pytest.raises(ValueError, match="two variants"):
        sample_ratio([5], [1])


def test_the_interval_at_any_time_has_the_published_form_and_is_about_tightest_where_it_says():
    weight = 5_000 * (-2 * math.log(0.05) + math.log(1 - 2 * math.log(0.05))) / TIGHT_AT
    formula = math.sqrt(2 * (weight + 1) / weight * math.log(math.sqrt(weight + 1) / 0.05))
    widths = {units: reach_at_any_time(1.0, units, alpha=0.05) for units in (10, 1_000, 9_000, 10_000, 11_000, 10**7)}

    assert reach_at_any_time(0.5, 5_000, alpha=0.05) == pytest.approx(formula / 2)
    assert at_any_time(Difference(1.0, 0.5, 0, 0, 1), 5_000, alpha=0.05) == pytest.approx(
        (1 - formula / 2, 1 + formula / 2)
    )
    assert widths[10_000] == pytest.approx(min(widths.values()), rel=0.01)
    assert min(widths.values()) > critical_z(0.05)
