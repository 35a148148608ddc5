"""Drafts, starts, stops and winners: a refusal changes nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError, StaleError
from promotions.experiments.errors import (
    ExperimentKeyTakenError,
    ExperimentNotFoundError,
    ExperimentStateError,
    ExperimentUnreadableError,
    KnobTakenError,
    WinnerPickedError,
)
from promotions.experiments.models import Experiment, ExperimentUnit, ExperimentVariant
from promotions.experiments.services.lifecycle import (
    pick_winner,
    start_experiment,
    stop_due_experiments,
    stop_experiment,
)
from promotions.experiments.services.planning import change_experiment, create_experiment, delete_experiment
from promotions.experiments.tasks import sweep_experiments
from promotions.experiments.terms import VariantTerms, terms_of
from promotions.scoring.models import ScoringPolicy

from .factories import AT, MORE, TODAY, experiment_terms, make_experiment, variant_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def filled(experiment, today: int, more: int) -> None:
    """So many exposed units a variant."""
    counts = {"today": today, "more": more}
    ExperimentUnit.objects.bulk_create(
        ExperimentUnit(
            experiment=experiment, variant=variant, unit=uuid4(), impressions=1, runs=[[0, 0]], first_at=AT, last_at=AT
        )
        for variant in experiment.variants.all()
        for _unit in range(counts[variant.key])
    )


def test_a_draft_is_made_changed_and_removed_and_each_is_audited():
    actor = uuid4()
    draft = create_experiment(terms=experiment_terms(key="weights"), actor_id=actor)
    first = {variant.key for variant in draft.variants.all()}

    change_experiment(
        experiment_id=draft.pk,
        changes={"name": "Lighter", "variants": (TODAY, VariantTerms("less", 0.5, 5_000))},
        actor_id=actor,
        expected_version=1,
    )

    draft.refresh_from_db()
    assert (draft.name, draft.version, len(draft.salt)) == ("Lighter", 2, 32)
    assert (first, {variant.key for variant in draft.variants.all()}) == ({"today", "more"}, {"today", "less"})
    delete_experiment(experiment_id=draft.pk, actor_id=actor)
    assert not Experiment.objects.exists()
    assert not ExperimentVariant.objects.exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("action", "actor_id")) == [
        ("promotions.create_experiment", actor),
        ("promotions.change_experiment", actor),
        ("promotions.delete_experiment", actor),
    ]


def test_salts_differ():
    first, second = make_experiment(state="draft"), make_experiment(state="draft")

    assert first.salt != second.salt


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"knob": "price"}, "knob"),
        ({"decided_by": "luck"}, "decided_by"),
        ({"inclusion_bp": 0}, "inclusion_bp"),
        ({"inclusion_bp": 10_001}, "inclusion_bp"),
        ({"variants": (TODAY, TODAY)}, "variants"),
        ({"variants": (VariantTerms("x", 1.1, 5_000),)}, "variants"),
        ({"variants": (VariantTerms("x", float("nan"), 5_000),)}, "variants"),
        ({"variants": (VariantTerms("x", 0.1, 0),)}, "variants"),
        ({"variants": tuple(VariantTerms(f"v{n}", 0.1, 100) for n in range(11))}, "variants"),
    ],
)
def test_wrong_terms_make_nothing(terms, field):
    with pytest.raises(InvalidInputError) as refusal:
        create_experiment(terms=experiment_terms(**terms), actor_id=None)

    assert {error.field for error in refusal.value.field_errors} == {field}
    assert not Experiment.objects.exists()


def test_a_key_names_one_experiment_for_good():
    create_experiment(terms=experiment_terms(key="weights"), actor_id=None)
    other = create_experiment(terms=experiment_terms(key="places"), actor_id=None)

    with pytest.raises(ExperimentKeyTakenError):
        create_experiment(terms=experiment_terms(key="weights"), actor_id=None)
    with pytest.raises(ExperimentKeyTakenError):
        change_experiment(experiment_id=other.pk, changes={"key": "weights"}, actor_id=None)

    assert sorted(Experiment.objects.values_list("key", flat=True)) == ["places", "weights"]


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"variants": ()}, {"variants"}),
        ({"variants": (TODAY,)}, {"variants"}),
        ({"variants": (TODAY, VariantTerms("more", 0.9, 4_999))}, {"variants"}),
        ({"variants": (VariantTerms("a", 0.1, 5_000), MORE)}, {"variants"}),
        ({"ends_at": AT}, {"ends_at"}),
    ],
)
def test_a_draft_that_lacks_something_does_not_start(terms, fields):
    draft = make_experiment(state="draft", **terms)

    with pytest.raises(InvalidInputError) as refusal:
        start_experiment(experiment_id=draft.pk, actor_id=None, at=AT)

    assert {error.field for error in refusal.value.field_errors} == fields
    draft.refresh_from_db()
    assert (draft.state, draft.started_at, draft.version) == ("draft", None, 1)


def test_what_has_started_stays_as_it_was_promised():
    running = make_experiment()

    for changes in ({"name": "x"}, {"ends_at": AT + 30 * DAY}, {"variants": (TODAY,)}):
        with pytest.raises(ExperimentStateError):
            change_experiment(experiment_id=running.pk, changes=changes, actor_id=None)
    with pytest.raises(ExperimentStateError):
        delete_experiment(experiment_id=running.pk, actor_id=None)

    assert terms_of(Experiment.objects.get()) == terms_of(running)


def test_the_same_terms_again_are_no_change():
    running = make_experiment()

    change_experiment(experiment_id=running.pk, changes={"name": running.name}, actor_id=None)

    assert Experiment.objects.get().version == running.version


def test_one_at_a_time_for_each_knob():
    make_experiment(name="First")
    second, other = make_experiment(state="draft"), make_experiment(state="draft", knob="explore_share")

    with pytest.raises(KnobTakenError, match="First"):
        start_experiment(experiment_id=second.pk, actor_id=None, at=AT)
    start_experiment(experiment_id=other.pk, actor_id=None, at=AT)

    second.refresh_from_db()
    assert (second.state, second.started_at) == ("draft", None)


def test_one_past_its_end_keeps_nobody_waiting():
    old = make_experiment(ends_at=AT + DAY)

    new = make_experiment(at=AT + 2 * DAY, ends_at=AT + 9 * DAY)

    old.refresh_from_db()
    assert (old.state, old.stopped_at, new.state) == ("stopped", AT + DAY, "running")


def test_starting_and_stopping_twice_is_the_same_as_once():
    experiment = make_experiment()

    start_experiment(experiment_id=experiment.pk, actor_id=None, at=AT + DAY)
    stop_experiment(experiment_id=experiment.pk, actor_id=None, at=AT + 2 * DAY)
    stop_experiment(experiment_id=experiment.pk, actor_id=None, at=AT + 3 * DAY)

    experiment.refresh_from_db()
    assert (experiment.started_at, experiment.stopped_at) == (AT, AT + 2 * DAY)
    with pytest.raises(ExperimentStateError):
        start_experiment(experiment_id=experiment.pk, actor_id=None, at=AT + 4 * DAY)
    assert AuditEntry.objects.filter(object_id=str(experiment.pk)).count() == 3


def test_a_draft_cannot_be_stopped_and_a_stale_step_is_refused():
    draft = make_experiment(state="draft")

    with pytest.raises(ExperimentStateError):
        stop_experiment(experiment_id=draft.pk, actor_id=None, at=AT)
    with pytest.raises(StaleError):
        start_experiment(experiment_id=draft.pk, actor_id=None, at=AT, expected_version=7)
    with pytest.raises(ExperimentNotFoundError):
        start_experiment(experiment_id=uuid4(), actor_id=None, at=AT)

    assert Experiment.objects.get().state == "draft"


def test_the_sweep_stops_at_the_planned_end_not_when_it_came_by():
    due, going = make_experiment(ends_at=AT + DAY), make_experiment(knob="explore_share", ends_at=None)

    assert stop_due_experiments(at=AT + 2 * DAY) == 1
    assert stop_due_experiments(at=AT + 2 * DAY) == 0
    sweep_experiments()

    due.refresh_from_db()
    going.refresh_from_db()
    assert (due.state, due.stopped_at) == ("stopped", AT + DAY)
    assert going.state == "running"


def test_a_winner_becomes_the_policy_and_the_other_numbers_stay():
    ScoringPolicy.objects.create(w_popularity=0.6, explore_share=0.25, stock_target=33)
    experiment, actor = make_experiment(state="stopped"), uuid4()

    pick_winner(experiment_id=experiment.pk, variant_id=variant_of(experiment).pk, actor_id=actor)
    pick_winner(experiment_id=experiment.pk, variant_id=variant_of(experiment).pk, actor_id=actor)

    policies = ScoringPolicy.objects.order_by("pk")
    assert [(row.w_popularity, row.explore_share, row.stock_target) for row in policies] == [
        (0.6, 0.25, 33),
        (0.9, 0.25, 33),
    ]
    assert policies[1].created_at > policies[0].created_at
    entry = AuditEntry.objects.get(action="promotions.pick_winner")
    assert (entry.actor_id, entry.before) == (actor, {"w_popularity": 0.6})
    assert entry.after == {"w_popularity": 0.9, "variant": "more", "scoring_policy": policies[1].pk}
    experiment.refresh_from_db()
    assert experiment.picked == variant_of(experiment)


def test_without_a_policy_the_defaults_are_what_stays():
    experiment = make_experiment(state="stopped", knob="explore_share")

    pick_winner(experiment_id=experiment.pk, variant_id=variant_of(experiment).pk, actor_id=None)

    policy = ScoringPolicy.objects.get()
    assert (policy.w_popularity, policy.explore_share, policy.w_cold) == (0.7, 0.9, 0.5)


def test_a_winner_is_picked_once_of_the_experiments_own_and_after_the_stop():
    running = make_experiment(knob="explore_share")
    stopped = make_experiment(state="stopped")
    pick_winner(experiment_id=stopped.pk, variant_id=variant_of(stopped).pk, actor_id=None)

    with pytest.raises(WinnerPickedError):
        pick_winner(experiment_id=stopped.pk, variant_id=variant_of(stopped, "today").pk, actor_id=None)
    with pytest.raises(ExperimentNotFoundError):
        pick_winner(experiment_id=stopped.pk, variant_id=variant_of(running).pk, actor_id=None)
    with pytest.raises(ExperimentStateError):
        pick_winner(experiment_id=running.pk, variant_id=variant_of(running).pk, actor_id=None)

    assert ScoringPolicy.objects.count() == 1


def test_nobody_wins_where_the_sample_ratio_check_failed_but_what_is_done_today():
    experiment = make_experiment(state="stopped")
    filled(experiment, today=60, more=140)

    with pytest.raises(ExperimentUnreadableError):
        pick_winner(experiment_id=experiment.pk, variant_id=variant_of(experiment).pk, actor_id=None)
    assert not ScoringPolicy.objects.exists()
    pick_winner(experiment_id=experiment.pk, variant_id=variant_of(experiment, "today").pk, actor_id=None)

    assert ScoringPolicy.objects.get().w_popularity == 0.7
