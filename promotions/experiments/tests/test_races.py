"""Folds at once, and starts at once, on PostgreSQL's row locks; each with a control run without the lock."""

from datetime import timedelta
from typing import Any

import pytest

from promotions.experiments import recording
from promotions.experiments.errors import KnobTakenError
from promotions.experiments.models import Experiment, ExperimentUnit
from promotions.experiments.recording import record_facts
from promotions.experiments.services.lifecycle import start_experiment
from promotions.experiments.values import PurchaseFact

from .factories import AT, make_experiment, seen, unit_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
THREADS, ROUNDS = 8, 5


def fold_at_once(together, experiment) -> ExperimentUnit:
    """Each thread folds one exposure of the same unit and one purchase of it, an hour later."""
    unit, an_hour = unit_of(experiment), timedelta(hours=1)

    def fold(number: int) -> None:
        at = AT + number * timedelta(minutes=1)
        record_facts(shown=[seen(experiment, unit, at=at)], bought=[PurchaseFact(unit, 100, at + an_hour)])

    outcomes = together(fold, THREADS)
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    return ExperimentUnit.objects.get(unit=unit)


def is_whole(row: ExperimentUnit) -> bool:
    return (row.impressions, row.purchases, row.amount_minor) == (THREADS, THREADS, 100 * THREADS)


def test_folds_at_once_lose_nothing(together):
    experiment = make_experiment()

    assert all(is_whole(fold_at_once(together, experiment)) for _round in range(ROUNDS))


def test_without_the_lock_they_lose_something(together, monkeypatch):
    """The control run: it shows that the race is there to be lost."""
    experiment = make_experiment()
    monkeypatch.setattr(recording, "lock", lambda _rank, rows: list(rows.order_by("pk")))

    assert not all(is_whole(fold_at_once(together, experiment)) for _round in range(ROUNDS * 4))


def start_all(together) -> list[Any]:
    Experiment.objects.filter(state="running").update(state="stopped", stopped_at=AT)
    drafts = [make_experiment(state="draft") for _thread in range(THREADS)]
    outcomes: list[Any] = together(
        lambda number: start_experiment(experiment_id=drafts[number].pk, actor_id=None, at=AT), THREADS
    )
    return outcomes


def test_of_many_started_at_once_about_one_knob_one_runs(together):
    for _round in range(ROUNDS):
        outcomes = start_all(together)

        assert Experiment.objects.filter(state="running").count() == 1
        assert sum(isinstance(outcome, Experiment) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, KnobTakenError) for outcome in outcomes) == THREADS - 1
