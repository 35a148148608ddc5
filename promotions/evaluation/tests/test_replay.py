"""The replay finds what is known of a generated log, and its figures obey their laws."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promotions.engagement.decay import HOUR, NOTHING, factor, of_key, rate
from promotions.evaluation.generating import write_events
from promotions.evaluation.layouts import own
from promotions.evaluation.measures import GROUPS, Resamples, discount, gini, group_of
from promotions.evaluation.reading import Faults, lines_of, rows_of
from promotions.evaluation.replay import LISTS, replay
from promotions.evaluation.seen import Seen
from promotions.evaluation.shelf import Settings, Shelf, added

pytestmark = pytest.mark.once
TARGETS = frozenset({"view", "click", "cart", "purchase"})


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A generated log's truth, its outcome and figures."""
    path = tmp_path_factory.mktemp("log") / "events.csv"
    truth = write_events(path, events=12_000, items=200, people=600, days=20, size=10, seed=7)
    faults = Faults()
    rows = rows_of(lines_of(path, faults), own(), faults)
    outcome = replay(rows, settings=Settings(size=10, half_life_hours=96), targets=TARGETS)
    assert not faults.counts
    return truth, outcome, outcome.figures()


def test_the_better_list_is_found_to_be_better(known):
    _truth, _outcome, figures = known
    ratios = {name: each.hit_ratio["all"].value for name, each in figures.items()}

    assert ratios["random"] < ratios["latest"] < ratios["raw count"] < ratios["decayed"]
    assert figures["decayed"].better.low > 0
    assert figures["exposure 70/30"].better.low > 0
    assert figures["random"].better.high < 0


def test_no_list_beats_the_best_possible_one(known):
    truth, _outcome, figures = known

    assert max(each.hit_ratio["all"].low for each in figures.values()) < truth.best
    assert figures["decayed"].hit_ratio["all"].value > 0.7 * truth.best


def test_a_random_list_hits_as_arithmetic_says(known):
    _truth, outcome, figures = known
    found = figures["random"].hit_ratio["all"]
    error = math.sqrt(outcome.expected_random / outcome.targets)

    assert abs(found.value - outcome.expected_random) < 4 * error
    assert found.low < outcome.expected_random + error
    assert found.high > outcome.expected_random - error


def test_scopes_are_parts_of_the_whole(known):
    _truth, outcome, figures = known
    counts = {scope: sum(outcome.wholes[scope]) for scope in outcome.wholes}

    assert counts["all"] == counts["new to user"] + counts["met before"] == outcome.targets
    for name in LISTS:
        each = figures[name]
        parts = sum(each.hit_ratio[scope].value * counts[scope] for scope in ("new to user", "met before"))
        assert parts / counts["all"] == pytest.approx(each.hit_ratio["all"].value)
        assert each.ndcg["all"].value <= each.hit_ratio["all"].value == pytest.approx(each.by_size[-1])
        assert each.by_size == sorted(each.by_size)


def test_trials_widen_the_catalogue_and_cost_hits(known):
    _truth, _outcome, figures = known

    assert figures["mix 70/30"].coverage > 2 * figures["exposure 70/30"].coverage
    assert figures["mix 70/30"].hit_ratio["all"].value < figures["exposure 70/30"].hit_ratio["all"].value
    assert figures["random"].gini < figures["mix 70/30"].gini < figures["raw count"].gini


def test_the_same_seed_is_the_same_report(tmp_path):
    reports = []
    for _ in range(2):
        path = tmp_path / "log.csv"
        write_events(path, events=400, items=30, days=3, seed=3)
        rows = rows_of(lines_of(path, Faults()), own(), Faults())
        reports.append(replay(rows, settings=Settings(size=5), targets=TARGETS).figures())

    assert reports[0] == reports[1]


def test_lists_know_nothing_of_the_hour_they_are_asked_in():
    events = [(n * HOUR, ["u", f"i{n}", "view"]) for n in range(50)]

    outcome = replay(events, settings=Settings(size=5), targets=TARGETS, warm_up_hours=0)

    assert outcome.targets == 50
    assert sum(sum(tally.hits) for tally in outcome.tallies.values()) == 0


def test_an_empty_log_and_a_single_event_are_reported():
    nothing = replay([], settings=Settings(), targets=TARGETS)
    one = replay([(0.0, ["u", "i", "view"])], settings=Settings(), targets=TARGETS, warm_up_hours=0)

    assert (nothing.targets, nothing.expected_random) == (0, 0.0)
    assert nothing.figures()["decayed"].hit_ratio["all"].value == 0.0
    assert (one.targets, one.items) == (1, 1)
    assert one.figures()["decayed"].coverage == 0.0


@given(st.lists(st.tuples(st.floats(0, 5_000), st.sampled_from([0.0, 1.0, 3.0, 8.0, 20.0])), min_size=1, max_size=30))
def test_the_leaderboards_key_is_the_decayed_sum(events):
    events.sort()
    key = NOTHING
    for hours, weight in events:
        key = added(key, weight, hours / 168)
    total = sum(weight * factor((5_000 - hours) * HOUR, rate(168)) for hours, weight in events)

    found = of_key(key - 5_000 / 168)

    assert found == pytest.approx(total, rel=1e-6)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.1, 20)), min_size=1, max_size=120), st.integers(1, 8))
def test_heads_kept_up_to_date_are_those_of_everything(events, size):
    shelf = Shelf(Settings(size=size))
    for number, (item, weight) in enumerate(events):
        shelf.note(number * HOUR, str(item), weight)
        if number % 3 == 0:
            shelf.refresh()
    shelf.refresh()

    items = shelf.items
    by_key = sorted(items, key=lambda name: (-items[name].weight_key, items[name].place))
    by_count = sorted(items, key=lambda name: (-items[name].count, items[name].place))
    assert shelf.heaviest() == by_key[:size]
    assert shelf.busiest() == by_count[:size]
    assert shelf.latest() == shelf.names[::-1][:size]


def test_a_list_with_trials_has_every_item_once_and_as_many_trials_as_it_should():
    shelf = Shelf(Settings(size=20))
    for number in range(300):
        shelf.note(number * HOUR, str(number), 1.0 if number > 100 else 20.0)
    shelf.refresh()
    exposure = shelf.by_exposure(300 * HOUR, random.Random(1))

    mixed = shelf.with_trials(exposure, random.Random(1))

    assert len(set(mixed)) == len(mixed) == 20
    assert sum(name not in exposure for name in mixed) == 6
    assert any(name not in exposure for name in mixed[:7])


@given(st.lists(st.integers(0, 1_000), max_size=60), st.integers(0, 50))
def test_gini_is_that_of_the_definition(counts, empty):
    everything = [*counts, *[0] * empty]
    n, total = len(everything), sum(everything)

    found = gini([count for count in counts if count], n)

    if total:
        apart = sum(abs(a - b) for a in everything for b in everything)
        assert found == pytest.approx(apart / (2 * n * total), abs=1e-9)
    else:
        assert found == 0.0


def test_what_a_place_is_worth():
    assert [discount(1), discount(3)] == [1.0, 0.5]


def test_intervals_by_people_are_wider_than_events_would_have_them():
    # A hundred people, each with ten events that are all hits or none.
    hits, wholes = [0.0] * GROUPS, [0.0] * GROUPS
    for person in range(100):
        wholes[group_of(f"p{person}")] += 10
        hits[group_of(f"p{person}")] += 10 * (person % 2)

    found = Resamples(seed=1).ratio(hits, wholes)

    naive = 2 * 1.96 * math.sqrt(0.25 / 1_000)
    by_people = 2 * 1.96 * math.sqrt(0.25 / 100)
    assert found.value == 0.5
    assert naive * 2 < found.high - found.low < by_people * 1.3


def test_a_person_has_met_what_was_noted():
    seen = Seen(megabytes=1)

    fresh = [seen.meet(f"u{n}", "i") for n in range(2_000)]
    again = [seen.meet(f"u{n}", "i") for n in range(2_000)]

    assert (sum(fresh), sum(again)) == (0, 2_000)
    assert seen.mistakes < 1e-6
