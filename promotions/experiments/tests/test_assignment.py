"""Who gets which way: the same answer for ever, shares as stated, nothing of one draw in another."""

import time
from collections import Counter
from datetime import timedelta
from itertools import islice
from uuid import UUID, uuid5

import pytest
from django.core.cache import cache

from promotions.experiments import running
from promotions.experiments.assignment import variants_for
from promotions.experiments.inference.balance import sample_ratio
from promotions.experiments.models import Experiment
from promotions.experiments.services.lifecycle import stop_experiment
from promotions.experiments.splitting import Split, assigned, place_of

from .factories import AT, make_experiment, unit_of, units_of, variant_of

EXPERIMENT, OTHER = UUID(int=1), UUID(int=2)
ONE, TWO, THREE = UUID(int=11), UUID(int=12), UUID(int=13)
UNITS = [uuid5(EXPERIMENT, str(number)) for number in range(20_000)]


def test_a_place_is_the_same_for_ever():
    assert [place_of(EXPERIMENT, "salt", unit) for unit in UNITS[:3]] == [3608, 9502, 7597]


def test_shares_and_inclusion_are_as_stated():
    split = Split(EXPERIMENT, "0123456789abcdef", 6_000, ((ONE, 5_000), (TWO, 3_000), (THREE, 2_000)))

    got = Counter(assigned(split, unit) for unit in UNITS)

    check = sample_ratio([got[None], got[ONE], got[TWO], got[THREE]], [4_000, 3_000, 1_800, 1_200])
    assert check.p_value > 0.001


def test_places_are_spread_evenly():
    tenths = Counter(place_of(EXPERIMENT, "salt", unit) // 1_000 for unit in UNITS)

    assert sample_ratio([tenths[tenth] for tenth in range(10)], [1] * 10).p_value > 0.001


@pytest.mark.parametrize(("experiment_id", "salt"), [(OTHER, "aaaabbbb"), (EXPERIMENT, "aaaacccc")])
def test_one_experiment_says_nothing_about_another(experiment_id, salt):
    halves = ((ONE, 5_000), (TWO, 5_000))
    first, second = Split(EXPERIMENT, "aaaabbbb", 10_000, halves), Split(experiment_id, salt, 10_000, halves)

    pairs = Counter((assigned(first, unit), assigned(second, unit)) for unit in UNITS)

    assert sample_ratio([pairs[a, b] for a in (ONE, TWO) for b in (ONE, TWO)], [1] * 4).p_value > 0.001


def test_taking_part_says_nothing_about_the_way():
    inside = [unit for unit in UNITS if place_of(EXPERIMENT, "aaaa", unit) < 2_000]

    ways = Counter(
        assigned(Split(EXPERIMENT, "aaaabbbb", 2_000, ((ONE, 5_000), (TWO, 5_000))), unit) for unit in inside
    )

    assert ways[None] == 0
    assert sample_ratio([ways[ONE], ways[TWO]], [1, 1]).p_value > 0.001


def test_more_inclusion_keeps_everybodys_way():
    shares = ((ONE, 5_000), (TWO, 5_000))
    narrow, wide = (Split(EXPERIMENT, "aaaabbbb", bp, shares) for bp in (1_000, 9_000))

    inside = [unit for unit in UNITS if assigned(narrow, unit)]

    assert inside
    assert all(assigned(narrow, unit) == assigned(wide, unit) for unit in inside)


@pytest.mark.django_db
def test_serving_gets_the_ways_by_knob():
    weights, places = make_experiment(), make_experiment(knob="explore_share")
    unit = unit_of(weights)

    got = variants_for(unit, at=AT)

    assert set(got) == {"w_popularity", "explore_share"}
    assert got["w_popularity"] == (variant_of(weights).pk, weights.pk, "w_popularity", 0.9, "more")
    assert got["explore_share"].experiment_id == places.pk


@pytest.mark.django_db
def test_nobody_and_nothing_running_get_no_way(django_assert_num_queries):
    make_experiment(state="draft")

    assert variants_for(unit_of(Experiment.objects.get()), at=AT) == {}
    assert variants_for(None, at=AT) == {}


@pytest.mark.django_db
def test_before_the_start_and_from_the_planned_end_on_nobody_gets_one():
    experiment = make_experiment(ends_at=AT + timedelta(hours=1))
    unit = unit_of(experiment)
    moments = [AT - timedelta(seconds=1), AT, AT + timedelta(minutes=59), AT + timedelta(hours=1)]

    assert [bool(variants_for(unit, at=at)) for at in moments] == [False, True, True, False]


@pytest.mark.django_db
def test_those_outside_get_none():
    experiment = make_experiment(inclusion_bp=1)
    units = islice(iter(UNITS), 200)

    assert sum(bool(variants_for(unit, at=AT)) for unit in units) <= 2
    assert experiment.inclusion_bp == 1


@pytest.mark.django_db
def test_while_nothing_changes_nobody_asks_the_database(django_assert_num_queries):
    unit = unit_of(make_experiment())
    variants_for(unit, at=AT)

    with django_assert_num_queries(0):
        variants_for(unit, at=AT)


@pytest.mark.django_db
def test_another_process_notices_within_a_second(monkeypatch, django_capture_on_commit_callbacks):
    """What this process forgets by itself, another learns from the shared word."""
    experiment = make_experiment()
    unit = next(units_of(experiment))
    clock = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    elsewhere = running._Keeper()
    assert len(elsewhere.experiments()) == 1

    with django_capture_on_commit_callbacks(execute=True):
        stop_experiment(experiment_id=experiment.pk, actor_id=None, at=AT)

    assert cache.get(running.VERSION_KEY)
    assert len(elsewhere.experiments()) == 1
    clock[0] += running.GLANCE_SECONDS
    assert elsewhere.experiments() == ()
    assert variants_for(unit, at=AT) == {}


@pytest.mark.django_db
def test_a_lost_word_is_made_up_for(monkeypatch):
    experiment = make_experiment()
    clock = [1_000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    elsewhere = running._Keeper()
    elsewhere.experiments()
    Experiment.objects.filter(pk=experiment.pk).update(state="stopped", stopped_at=AT)

    clock[0] += running.GLANCE_SECONDS
    assert len(elsewhere.experiments()) == 1
    clock[0] += running.REREAD_SECONDS
    assert elsewhere.experiments() == ()
