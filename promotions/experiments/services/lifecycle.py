"""An experiment's life: started by people, stopped by them or by the clock, and its winner picked."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from promotions.experiments.errors import (
    ExperimentNotFoundError,
    ExperimentUnreadableError,
    KnobTakenError,
    WinnerPickedError,
)
from promotions.experiments.models import Experiment, ExperimentVariant
from promotions.experiments.report import balance_of
from promotions.experiments.running import tell_change
from promotions.experiments.selectors import due_to_stop
from promotions.experiments.terms import missing_for_start, terms_of
from promotions.scoring import selectors as scoring
from promotions.scoring.services import set_policy

from .planning import locked_experiment, refuse_unless

State = Experiment.State


@transaction.atomic
def start_experiment(
    *, experiment_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Experiment:
    """Start a draft; from here on nothing of it changes. One that runs stays as it is.

    Raises `ExperimentNotFoundError`, `StaleError`, `ExperimentStateError` (stopped), `InvalidInputError` with all that
    it lacks, `KnobTakenError`.
    """
    # All at once, in the order of their keys.
    lock(LockRank.CAMPAIGN_USAGE, Experiment.objects.filter(Q(pk=experiment_id) | Q(state=State.RUNNING)))
    experiment = locked_experiment(experiment_id, expected_version)
    if experiment.state == State.RUNNING:
        return experiment
    refuse_unless(experiment, State.DRAFT)
    errors = list(missing_for_start(terms_of(experiment), at))
    if errors:
        raise InvalidInputError(errors)
    # One whose end has passed while nobody looked keeps nobody waiting.
    stop_due_experiments(at=at)
    _refuse_second(experiment)
    try:
        with transaction.atomic():
            _step(experiment, State.RUNNING, actor_id, "promotions.start_experiment", started_at=at)
    except IntegrityError:
        # Another draft about the same was started at this moment: the constraint had the last word.
        _refuse_second(experiment)
        raise
    return experiment


@transaction.atomic
def stop_experiment(
    *, experiment_id: UUID, actor_id: UUID | None, at: datetime, expected_version: int | None = None
) -> Experiment:
    """Stop one that runs, for good; one that is stopped stays as it is. Past its planned end, it stopped then.

    Raises `ExperimentNotFoundError`, `StaleError`, `ExperimentStateError` (a draft).
    """
    experiment = locked_experiment(experiment_id, expected_version)
    if experiment.state == State.STOPPED:
        return experiment
    refuse_unless(experiment, State.RUNNING)
    moment = at if experiment.ends_at is None else min(at, experiment.ends_at)
    _step(experiment, State.STOPPED, actor_id, "promotions.stop_experiment", stopped_at=moment)
    return experiment


def stop_due_experiments(*, at: datetime) -> int:
    """Stop every one whose planned end has passed; how many. Harmless twice; one indexed query when there is none."""
    due = due_to_stop(at)
    for experiment_id in due:
        stop_experiment(experiment_id=experiment_id, actor_id=None, at=at)
    return len(due)


@transaction.atomic
def pick_winner(
    *,
    experiment_id: UUID,
    variant_id: UUID,
    actor_id: UUID | None,
    expected_version: int | None = None,
) -> Experiment:
    """Make a stopped experiment's variant what is done from now on: a new scoring policy with its value of the knob.

    The other numbers of the policy in force stay. The same variant again changes nothing. Which variant is people's
    decision, and audited; but none wins where the sample ratio check failed, except what is done today. Raises
    `ExperimentNotFoundError` (the variant's too), `StaleError`, `ExperimentStateError` (not stopped),
    `WinnerPickedError`, `ExperimentUnreadableError`.
    """
    experiment = locked_experiment(experiment_id, expected_version)
    refuse_unless(experiment, State.STOPPED)
    variant = ExperimentVariant.objects.filter(experiment=experiment, pk=variant_id).first()
    if variant is None:
        raise ExperimentNotFoundError
    if experiment.picked_id == variant.pk:
        return experiment
    if experiment.picked is not None:
        raise WinnerPickedError(key=experiment.picked.key)
    if not variant.is_control and balance_of(experiment).is_alarm:
        raise ExperimentUnreadableError
    before = getattr(scoring.policy(), experiment.knob)
    policy = set_policy(values={experiment.knob: variant.value}, actor_id=actor_id, reason=experiment.name)
    compare_and_set(experiment, experiment.version, picked=variant)
    audit.record(
        actor_id=actor_id,
        action="promotions.pick_winner",
        subject=experiment,
        before={experiment.knob: before},
        after={experiment.knob: variant.value, "variant": variant.key, "scoring_policy": policy.pk},
    )
    return experiment


def _refuse_second(experiment: Experiment) -> None:
    other = Experiment.objects.filter(knob=experiment.knob, state=State.RUNNING).first()
    if other is not None:
        raise KnobTakenError(name=other.name)


def _step(experiment: Experiment, to_state: str, actor_id: UUID | None, action: str, **moments: datetime) -> None:
    before = experiment.state
    compare_and_set(experiment, None, state=to_state, **moments)
    audit.record(
        actor_id=actor_id, action=action, subject=experiment, before={"state": before}, after={"state": to_state}
    )
    tell_change()
