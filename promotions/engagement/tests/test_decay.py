"""The law of decayed sums, for whatever moments and half-lives."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.engagement import decay
from promotions.engagement.decay import Decayed

pytestmark = pytest.mark.once

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
moments = st.integers(-(20 * 366 * 86_400), 40 * 365 * 86_400).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
near = st.integers(0, 400 * 3600).map(lambda seconds: EPOCH + timedelta(seconds=seconds))
values = st.floats(0.0, 1e12)
half_lives = st.floats(1.0, 10_000.0)
sums = st.builds(Decayed, values, moments)
near_sums = st.builds(Decayed, values, near)


def close(one: Decayed, other: Decayed, total: float) -> bool:
    """Equal but for the last bits, and for what the clamp leaves of everything together."""
    slack = total * 4 * math.exp(decay.LOWEST_EXPONENT)
    return one.moment == other.moment and math.isclose(one.value, other.value, rel_tol=1e-9, abs_tol=slack + 1e-300)


@given(sums, sums, half_lives)
def test_merging_is_commutative(one, other, half_life):
    per_second = decay.rate(half_life)

    assert decay.merge(one, other, per_second) == decay.merge(other, one, per_second)


@given(sums, sums, sums, half_lives)
def test_merging_is_associative(one, two, three, half_life):
    per_second = decay.rate(half_life)

    left = decay.merge(decay.merge(one, two, per_second), three, per_second)
    right = decay.merge(one, decay.merge(two, three, per_second), per_second)

    assert close(left, right, one.value + two.value + three.value)


@given(st.lists(sums, min_size=1, max_size=12), st.randoms(use_true_random=False), half_lives)
def test_the_order_of_arrival_does_not_matter(parts, random, half_life):
    per_second = decay.rate(half_life)
    shuffled = random.sample(parts, len(parts))
    one_by_one = shuffled[0]
    for part in shuffled[1:]:
        one_by_one = decay.merge(one_by_one, part, per_second)

    assert close(one_by_one, decay.merge_all(parts, per_second), sum(part.value for part in parts) * len(parts))


@given(st.floats(-1e12, 1e12), half_lives)
def test_a_factor_is_never_below_the_clamp_nor_above_one(seconds, half_life):
    assert math.exp(-40) <= decay.factor(seconds, decay.rate(half_life)) <= 1.0


@given(half_lives)
def test_after_one_half_life_half_is_left(half_life):
    assert decay.factor(half_life * 3600, decay.rate(half_life)) == pytest.approx(0.5, rel=1e-12)


@given(st.floats(0.0, 1e9), st.floats(0.0, 1e9), half_lives)
def test_decay_in_two_steps_is_decay_in_one(first, second, half_life):
    per_second = decay.rate(half_life)

    in_steps = decay.factor(first, per_second) * decay.factor(second, per_second)

    if per_second * (first + second) < -decay.LOWEST_EXPONENT:
        assert in_steps == pytest.approx(decay.factor(first + second, per_second), rel=1e-9)


@given(st.builds(Decayed, st.floats(1e-6, 1e6), near), near, st.floats(24.0, 10_000.0))
def test_the_key_of_a_moment_is_that_moments_sum(one, later, half_life):
    moment = max(one.moment, later)
    found = decay.of_key(decay.log_key(one, moment, half_life))

    assert found == pytest.approx(decay.at(one, moment, decay.rate(half_life)), rel=1e-6)


@given(sums, sums, moments, moments, half_lives)
def test_keys_of_another_moment_differ_by_the_same(one, other, moment, then, half_life):
    keys, keys_then = ([decay.log_key(each, when, half_life) for each in (one, other)] for when in (moment, then))

    if decay.NOTHING not in keys:
        assert keys[0] - keys[1] == pytest.approx(keys_then[0] - keys_then[1], abs=1e-6)


def test_what_nobody_looked_at_comes_after_what_was_idle_for_a_century():
    century = EPOCH + timedelta(days=36_500)

    assert decay.log_key(Decayed(1e-300, EPOCH), century, 1.0) > decay.NOTHING
    assert decay.log_key(Decayed(0.0, EPOCH), EPOCH, 1.0) == decay.NOTHING
    assert decay.of_key(decay.NOTHING) == 0.0


@given(near_sums, near_sums, st.floats(24.0, 10_000.0))
def test_leaderboard_keys_keep_the_order_of_the_sums_at_any_one_moment(one, other, half_life):
    per_second, moment = decay.rate(half_life), max(one.moment, other.moment)
    at_once = decay.at(one, moment, per_second), decay.at(other, moment, per_second)
    keys = [decay.log_key(each, EPOCH, half_life) for each in (one, other)]

    if not math.isclose(*at_once, rel_tol=1e-6) and min(at_once) > 1e-200:
        assert (keys[0] < keys[1]) == (at_once[0] < at_once[1])


def test_years_without_an_event_leave_almost_nothing_and_break_nothing():
    idle = Decayed(1e9, datetime(2001, 1, 1, tzinfo=UTC))

    assert decay.at(idle, datetime(2059, 1, 1, tzinfo=UTC), decay.rate(1.0)) == 1e9 * math.exp(-40)
