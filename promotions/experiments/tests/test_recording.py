"""What is counted of facts: exposures, clicks, purchases of the day after, in whatever order they come."""

from datetime import timedelta
from itertools import islice
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promotions.engagement.models import EventKind
from promotions.experiments.models import ExperimentPurchase, ExperimentUnit
from promotions.experiments.recording import merged_runs, record_facts
from promotions.experiments.selectors import exposed_units, mixed_units
from promotions.experiments.splitting import assigned, split_of
from promotions.experiments.values import PurchaseFact, UnitFact

from .factories import AT, make_experiment, seen, unit_of, units_of, variant_of

pytestmark = pytest.mark.django_db
CLICK, HOUR, DAY = EventKind.CLICK, timedelta(hours=1), timedelta(days=1)


def figures(unit) -> tuple[int, int, int, int]:
    row = ExperimentUnit.objects.get(unit=unit)
    return row.impressions, row.clicks, row.purchases, row.amount_minor


def test_exposures_clicks_and_purchases_of_a_unit_are_counted():
    experiment = make_experiment()
    unit = unit_of(experiment)

    record_facts(shown=[seen(experiment, unit), seen(experiment, unit, at=AT + HOUR)], bought=[])
    record_facts(
        shown=[seen(experiment, unit, at=AT + 2 * HOUR, kind=CLICK)],
        bought=[PurchaseFact(unit, 34_900, AT + 3 * HOUR), PurchaseFact(unit, 100, AT + 4 * HOUR)],
    )

    row = ExperimentUnit.objects.get()
    assert figures(unit) == (2, 1, 2, 35_000)
    assert (row.variant_id, row.is_mixed) == (variant_of(experiment).pk, False)
    assert (row.first_at, row.last_at) == (AT, AT + HOUR)
    assert exposed_units(experiment.pk) == {row.variant_id: 1}


@pytest.mark.parametrize(
    ("after", "counts"),
    [(timedelta(0), True), (DAY, True), (DAY + timedelta(microseconds=1), False), (-timedelta(microseconds=1), False)],
)
def test_a_purchase_counts_within_24_hours_of_the_last_exposure(after, counts):
    experiment = make_experiment()
    unit, at = unit_of(experiment), AT + HOUR

    record_facts(shown=[seen(experiment, unit, at=at)], bought=[PurchaseFact(unit, 500, at + after)])

    assert figures(unit)[2:] == ((1, 500) if counts else (0, 0))


def test_a_purchase_that_came_in_before_its_exposure_counts_when_that_comes():
    experiment = make_experiment()
    unit = unit_of(experiment)

    record_facts(shown=[], bought=[PurchaseFact(unit, 500, AT + 2 * HOUR)])
    record_facts(shown=[seen(experiment, unit, at=AT + 60 * HOUR)], bought=[])
    assert figures(unit) == (1, 0, 0, 0)
    record_facts(shown=[seen(experiment, unit, at=AT + HOUR)], bought=[])

    assert figures(unit) == (2, 0, 1, 500)


def test_a_click_without_a_viewable_impression_exposes_nobody():
    experiment = make_experiment()
    unit = unit_of(experiment)

    record_facts(shown=[seen(experiment, unit, kind=CLICK)], bought=[PurchaseFact(unit, 500, AT + HOUR)])

    assert figures(unit) == (0, 1, 0, 0)
    assert ExperimentUnit.objects.get().first_at is None
    assert exposed_units(experiment.pk) == {}


def test_what_is_outside_the_experiments_time_is_left_out():
    stopped = make_experiment(state="stopped", stopped_at=AT + 5 * HOUR)
    unit = unit_of(stopped)
    moments = [AT - timedelta(seconds=1), AT, AT + 5 * HOUR, AT + 5 * HOUR + timedelta(seconds=1)]

    record_facts(
        shown=[seen(stopped, unit, at=at) for at in moments],
        bought=[PurchaseFact(unit, 1, AT + 29 * HOUR), PurchaseFact(unit, 2, AT + 30 * HOUR)],
    )

    assert figures(unit) == (2, 0, 1, 1)
    assert ExperimentPurchase.objects.count() == 1


def test_past_the_planned_end_nothing_counts_although_nobody_stopped_it():
    experiment = make_experiment(ends_at=AT + HOUR)
    unit = unit_of(experiment)

    record_facts(shown=[seen(experiment, unit, at=AT + 2 * HOUR)], bought=[])

    assert not ExperimentUnit.objects.exists()


def test_facts_of_drafts_of_others_variants_and_of_other_kinds_are_left_out():
    experiment, draft = make_experiment(), make_experiment(state="draft")
    unit = unit_of(experiment)

    record_facts(
        shown=[
            seen(draft, unit),
            UnitFact(uuid4(), variant_of(experiment).pk, unit, EventKind.IMPRESSION, AT),
            UnitFact(experiment.pk, variant_of(draft).pk, unit, EventKind.IMPRESSION, AT),
            seen(experiment, unit, kind=EventKind.VIEW),
        ],
        bought=[],
    )
    record_facts(shown=[], bought=[])

    assert not ExperimentUnit.objects.exists()


def test_a_unit_seen_under_two_ways_is_mixed_and_left_out():
    experiment = make_experiment()
    mixed, pure, foreign = islice(units_of(experiment), 3)

    record_facts(shown=[seen(experiment, mixed), seen(experiment, pure)], bought=[])
    record_facts(shown=[seen(experiment, mixed, key="today"), seen(experiment, foreign, key="today")], bought=[])
    record_facts(shown=[seen(experiment, mixed)], bought=[])

    rows = {row.unit: row.is_mixed for row in ExperimentUnit.objects.all()}
    assert rows == {mixed: True, pure: False, foreign: True}
    assert exposed_units(experiment.pk) == {variant_of(experiment).pk: 1}
    assert mixed_units(experiment.pk) == 2


def test_a_unit_that_takes_no_part_and_was_shown_a_way_all_the_same_is_mixed():
    experiment = make_experiment(inclusion_bp=1)
    outside = next(unit for unit in iter(uuid4, None) if assigned(split_of(experiment), unit) is None)

    record_facts(shown=[seen(experiment, outside)], bought=[])

    assert ExperimentUnit.objects.get().is_mixed


def test_one_purchase_counts_in_every_experiment_that_exposed_the_unit():
    weights, places = make_experiment(), make_experiment(knob="explore_share")
    unit = next(unit for unit in units_of(weights) if assigned(split_of(places), unit) == variant_of(places).pk)

    record_facts(shown=[seen(weights, unit), seen(places, unit)], bought=[PurchaseFact(unit, 700, AT + HOUR)])

    assert set(ExperimentUnit.objects.values_list("experiment_id", "purchases", "amount_minor")) == {
        (weights.pk, 1, 700),
        (places.pk, 1, 700),
    }
    assert ExperimentPurchase.objects.count() == 1


def test_while_nothing_runs_purchases_leave_no_trace():
    make_experiment(state="draft")

    record_facts(shown=[], bought=[PurchaseFact(uuid4(), 500, AT)])

    assert not ExperimentPurchase.objects.exists()


def test_the_number_of_statements_does_not_grow_with_the_facts():
    experiment = make_experiment()
    units = list(islice(units_of(experiment), 200))
    bought = [PurchaseFact(unit, 500, AT + HOUR) for unit in units]

    with CaptureQueriesContext(
        connection,
    ) as few:
        record_facts(shown=[seen(experiment, units[0])], bought=bought[:1])
    facts = [seen(experiment, unit) for unit in units]
    with CaptureQueriesContext(connection) as many:
        record_facts(shown=facts, bought=bought)

    assert len(many) <= len(few) + 4  # SQLite cuts long inserts; the test's own look-ups are outside
    assert ExperimentUnit.objects.filter(purchases__gte=1).count() == 200


HOURS = st.integers(0, 96)
EXPOSURES = st.lists(st.tuples(st.integers(0, 1), HOURS, st.booleans()), max_size=12)
PURCHASES = st.lists(st.tuples(st.integers(0, 1), HOURS, st.integers(1, 9)), max_size=6)


@pytest.fixture
def running_one():
    """An experiment with two of its units: the examples of a property share them."""
    experiment = make_experiment()
    return experiment, list(islice(units_of(experiment), 2))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exposures=EXPOSURES, purchases=PURCHASES, data=st.data())
def test_the_order_of_folds_does_not_matter(running_one, exposures, purchases, data):
    """Any order: the same as counting by hand over all facts."""
    ExperimentUnit.objects.all().delete()
    ExperimentPurchase.objects.all().delete()
    experiment, units = running_one
    kinds = {True: EventKind.IMPRESSION, False: CLICK}
    shown = [seen(experiment, units[who], at=AT + hour * HOUR, kind=kinds[is_view]) for who, hour, is_view in exposures]
    bought = [PurchaseFact(units[who], amount, AT + hour * HOUR) for who, hour, amount in purchases]

    for fact in data.draw(st.permutations([*shown, *bought])):
        is_shown = isinstance(fact, UnitFact)
        record_facts(shown=[fact] if is_shown else [], bought=[] if is_shown else [fact])

    for who, unit in enumerate(units):
        views = [hour for each, hour, is_view in exposures if each == who and is_view]
        clicks = sum(each == who and not is_view for each, _hour, is_view in exposures)
        got = [
            amount
            for each, hour, amount in purchases
            if each == who and any(view <= hour <= view + 24 for view in views)
        ]
        if views or clicks:
            assert figures(unit) == (len(views), clicks, len(got), sum(got))
        else:
            assert not ExperimentUnit.objects.filter(unit=unit).exists()


def test_runs_join_where_they_are_a_day_apart_at_most():
    day = 24 * 3_600 * 1_000_000

    assert merged_runs([[5, 5], [0, 0], [day, day]]) == [[0, day]]
    assert merged_runs([[0, 0], [day + 1, day + 1]]) == [[0, 0], [day + 1, day + 1]]
    assert merged_runs([[0, 10], [2, 3]]) == [[0, 10]]
