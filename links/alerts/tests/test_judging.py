"""When a price tells, by properties over any prices."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from links.alerts.judging import BOTH, DOWN, UP, Outcome, Watch, judge
from marketplace.core.money import Money

HYSTERESIS = 2
prices = st.integers(1, 10**12)
targets = st.builds(
    lambda direction, target, is_armed: Watch(direction, target, None, None, "MXN", is_armed, not is_armed),
    st.sampled_from([DOWN, UP]),
    prices,
    st.booleans(),
)
percents = st.builds(
    lambda direction, percent, reference, has_told: Watch(
        direction, None, percent, reference, "MXN", is_armed=True, has_told=has_told
    ),
    st.sampled_from([DOWN, UP, BOTH]),
    st.integers(1, 99),
    prices,
    st.booleans(),
)
watches = st.one_of(targets, percents)


def judged(watch, price, currency="MXN"):
    return judge(watch, None if price is None else Money(price, currency), hysteresis=HYSTERESIS)


def told_over(watch, path):
    """How often the prices of the path tell, and the alert after them."""
    count = 0
    for price in path:
        verdict = judged(watch, price)
        count += verdict.outcome == Outcome.TELL
        watch = verdict.after
    return count, watch


@given(watches, prices)
def test_the_same_price_again_means_nothing(watch, price):
    after = judged(watch, price).after

    again = judged(after, price)

    # A target that is ready again at a price behind its line is not crossed by that price.
    assert (again.outcome, again.after) == (Outcome.NOTHING, after)


@given(watches)
def test_an_unknown_price_does_nothing(watch):
    verdict = judged(watch, None)

    assert (verdict.outcome, verdict.after) == (Outcome.NOTHING, watch)


@given(watches, prices)
def test_another_currency_disarms_and_never_tells(watch, price):
    verdict = judged(watch, price, "USD")

    assert verdict.outcome == (Outcome.DISARM if watch.is_armed else Outcome.NOTHING)
    assert verdict.after == replace(watch, is_armed=False)
    assert judged(verdict.after, price).outcome != Outcome.TELL


@given(targets, st.lists(st.integers(-HYSTERESIS * 100, HYSTERESIS * 100), min_size=1, max_size=30))
def test_a_price_that_trembles_at_a_target_tells_at_most_once(watch, tremble):
    path = [max(1, watch.target + watch.target * step // 10_000) for step in tremble]
    if watch.direction == UP:
        # Rounded towards the target, or the smallest prices would leave the band.
        path = [max(price, -(-watch.target * (100 - HYSTERESIS) // 100)) for price in path]

    count, _after = told_over(replace(watch, is_armed=True), path)

    crossed = [price <= watch.target if watch.direction == DOWN else price >= watch.target for price in path]
    assert count == (1 if any(crossed) else 0)


@given(percents, prices, st.lists(st.integers(-HYSTERESIS * 100, HYSTERESIS * 100), max_size=30))
def test_a_price_that_trembles_around_what_was_told_tells_nothing_more(watch, price, tremble):
    first = judged(watch, price)
    assume(first.outcome == Outcome.TELL)
    # Halves and smaller parts of a minor unit go towards the price.
    path = [price + int(price * step / 10_000) for step in tremble]

    assert told_over(first.after, path) == (0, first.after)


@given(percents, prices)
def test_a_percentage_tells_in_its_direction_alone_and_measures_from_there(watch, price):
    verdict = judged(watch, price)

    moved = (price - watch.reference) * 100
    is_far = abs(moved) >= watch.percent * watch.reference
    is_news = is_far and (not watch.has_told or abs(moved) > HYSTERESIS * watch.reference)
    way = DOWN if moved < 0 else UP
    if is_news:
        wanted = watch.direction in {way, BOTH}
        assert verdict.outcome == (Outcome.TELL if wanted else Outcome.REARM)
        assert verdict.direction == (way if wanted else "")
        assert verdict.after.reference == price
    else:
        assert (verdict.outcome, verdict.after) == (Outcome.NOTHING, watch)


@given(targets, prices, st.integers(1, 100))
def test_a_target_that_has_told_tells_again_after_the_price_was_well_behind_it(watch, price, more):
    armed = replace(watch, is_armed=True)
    assume(judged(armed, price).outcome == Outcome.TELL)
    far = watch.target * (102 + more) // 100 + 1 if watch.direction == DOWN else watch.target * (97 - more) // 100
    assume(far > 0)

    assert told_over(armed, [price, far, price])[0] == 2


def test_the_first_known_price_is_what_a_percentage_is_measured_from():
    watch = Watch(DOWN, None, 10, None, "", is_armed=True, has_told=False)

    verdict = judged(watch, 10_000)

    assert (verdict.outcome, verdict.after) == (Outcome.REARM, replace(watch, reference=10_000, currency="MXN"))
    assert judged(verdict.after, 9_001).outcome == Outcome.NOTHING
    assert judged(verdict.after, 9_000).outcome == Outcome.TELL


def test_a_fall_is_measured_from_where_it_began():
    watch = Watch(DOWN, None, 10, 10_000, "MXN", is_armed=True, has_told=False)

    assert told_over(watch, [10_900, 9_100])[0] == 0  # neither was ten percent of the reference
    count, after = told_over(watch, [20_000, 18_000])
    assert (count, after.reference) == (1, 18_000)


def test_a_currency_that_comes_back_begins_afresh():
    watch = Watch(DOWN, None, 10, 10_000, "MXN", is_armed=True, has_told=False)
    away = judged(watch, 500, "USD").after

    back = judged(away, 5_000)

    assert (back.outcome, back.after) == (Outcome.REARM, replace(watch, reference=5_000))
