"""Laws of the five scores and of decay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.scoring import formulas

pytestmark = pytest.mark.once

SUMS = st.floats(0, 1e12)
SHARES = st.floats(0, 1)


@given(st.lists(SUMS, max_size=40), SUMS, SUMS, st.integers(0, 50), SUMS)
def test_popularity_is_a_share_and_grows_with_the_sum(others, first, second, known, p99_of_all):
    p99 = formulas.level(others)

    low, high = (
        formulas.popularity(each, p99=p99, known=known, p99_of_all=p99_of_all) for each in sorted((first, second))
    )

    assert 0 <= low <= high <= 1


@given(st.lists(st.floats(0.01, 1e9), min_size=1, max_size=200))
def test_the_percentile_lies_among_the_values_and_is_the_value_of_one(sums):
    p99 = formulas.percentile(sums)

    assert min(sums) <= p99 <= max(sums)
    assert formulas.percentile(sums[:1]) == sums[0]


def test_the_percentile_interpolates_as_postgresql_does():
    assert formulas.percentile(range(1, 102)) == 100
    assert formulas.percentile([1.0, 2.0]) == pytest.approx(1.99)
    assert formulas.percentile([]) == 0


@given(SUMS, st.integers(0, 1_000), st.integers(0, 1_000), st.floats(1, 10_000))
def test_cold_is_a_share_falls_with_impressions_and_is_nothing_without_stock(impressions, available, target, half):
    now = formulas.cold(impressions, available=available, target=target, half_known=half)
    later = formulas.cold(impressions + 1, available=available, target=target, half_known=half)

    assert 0 <= later <= now <= 1
    assert formulas.cold(impressions, available=0, target=target, half_known=half) == 0


def test_cold_is_a_half_after_e0_impressions_and_full_stock():
    assert formulas.cold(200, available=10, target=10, half_known=200) == 0.5
    assert formulas.cold(0, available=5, target=10, half_known=200) == 0.5


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30))
def test_mid_ranks_are_shares_in_the_order_of_the_values_and_a_half_in_the_mean(values):
    ranks = [formulas.mid_rank(each, values) for each in values]

    assert all(0 < rank < 1 for rank in ranks)
    assert sum(ranks) / len(ranks) == pytest.approx(0.5)
    assert [ranks[n] for n in sorted(range(len(values)), key=values.__getitem__)] == sorted(ranks)


@given(st.floats(0, 1e6), st.floats(0, 1e6), SHARES, st.floats(1, 1_000))
def test_conversions_lie_between_what_was_seen_and_the_prior(purchases, impressions, prior, half):
    found = formulas.smoothed(purchases, impressions, prior=prior, half_known=half)

    assert 0 <= found <= 1
    if impressions >= purchases > 0:
        seen = purchases / impressions
        assert min(seen, prior) - 1e-9 <= found <= max(seen, prior) + 1e-9


@given(SHARES, SHARES, SHARES, SHARES, SHARES, st.tuples(SHARES, SHARES, SHARES))
def test_exposure_is_a_share_whatever_the_weights(popularity, cold, profit, freshness, w, weights):
    found = formulas.exposure(popularity, cold, profit, freshness, w_popularity=w, weights=weights)

    assert 0 <= found <= 1 + 1e-12


def test_exposure_as_it_is_written():
    found = formulas.exposure(1.0, 0.4, 0.6, 0.5, w_popularity=0.7, weights=(0.5, 0.3, 0.2))

    assert found == pytest.approx(0.7 + 0.3 * (0.5 * 0.4 + 0.3 * 0.6 + 0.2 * 0.5))


def test_freshness_halves_in_fourteen_days_and_never_breaks():
    assert formulas.freshness(14, 14) == pytest.approx(0.5)
    assert formulas.freshness(-3, 14) == 1
    assert 0 < formulas.freshness(36_500, 0.1) < 1e-17
