"""Drafts of experiments: made, changed, removed, each time audited. What has started stays as it was promised."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError, StaleError
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from promotions.experiments.errors import ExperimentKeyTakenError, ExperimentNotFoundError, ExperimentStateError
from promotions.experiments.models import Experiment, ExperimentVariant
from promotions.experiments.terms import ExperimentTerms, terms_of, wrong_terms

_SALT_BYTES = 16


@transaction.atomic
def create_experiment(*, terms: ExperimentTerms, actor_id: UUID | None) -> Experiment:
    """Make a draft with a salt of its own. Raises `InvalidInputError` with every wrong field,
    `ExperimentKeyTakenError`."""
    _check(terms)
    try:
        with transaction.atomic():
            experiment = Experiment.objects.create(salt=secrets.token_hex(_SALT_BYTES), **terms.columns())
    except IntegrityError as error:
        raise ExperimentKeyTakenError(key=terms.key) from error
    _set_variants(experiment, terms)
    audit.record(actor_id=actor_id, action="promotions.create_experiment", subject=experiment, after=terms.said())
    return experiment


@transaction.atomic
def change_experiment(
    *, experiment_id: UUID, changes: Mapping[str, Any], actor_id: UUID | None, expected_version: int | None = None
) -> Experiment:
    """Change some of a draft's terms (`ExperimentTerms`' names); variants replace the variants before them.

    Raises `ExperimentNotFoundError`, `StaleError`, `ExperimentStateError` (it has started), `InvalidInputError`,
    `ExperimentKeyTakenError`.
    """
    experiment = locked_experiment(experiment_id, expected_version)
    before = terms_of(experiment)
    terms = replace(before, **changes)
    if terms == before:
        return experiment
    refuse_unless(experiment, Experiment.State.DRAFT)
    _check(terms)
    try:
        with transaction.atomic():
            compare_and_set(experiment, experiment.version, **terms.columns())
    except IntegrityError as error:
        raise ExperimentKeyTakenError(key=terms.key) from error
    if terms.variants != before.variants:
        _set_variants(experiment, terms)
    _record_change(experiment, before, terms, actor_id)
    return experiment


@transaction.atomic
def delete_experiment(*, experiment_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Remove a draft. Raises `ExperimentNotFoundError`, `StaleError`, `ExperimentStateError`: what was found out
    stays, liked or not."""
    experiment = locked_experiment(experiment_id, expected_version)
    refuse_unless(experiment, Experiment.State.DRAFT)
    said = terms_of(experiment).said()
    audit.record(actor_id=actor_id, action="promotions.delete_experiment", subject=experiment, before=said)
    experiment.delete()


def locked_experiment(experiment_id: UUID, expected_version: int | None) -> Experiment:
    """The experiment, locked. Raises `ExperimentNotFoundError`, `StaleError`."""
    for experiment in lock(LockRank.CAMPAIGN_USAGE, Experiment.objects.filter(pk=experiment_id)):
        if expected_version not in {None, experiment.version}:
            raise StaleError
        return experiment
    raise ExperimentNotFoundError


def refuse_unless(experiment: Experiment, *states: str) -> None:
    """Raises `ExperimentStateError` in any other state."""
    if experiment.state not in states:
        raise ExperimentStateError(state=experiment.state)


def _check(terms: ExperimentTerms) -> None:
    errors = list(wrong_terms(terms))
    if errors:
        raise InvalidInputError(errors)


def _set_variants(experiment: Experiment, terms: ExperimentTerms) -> None:
    """All anew: nobody has got one of a draft's."""
    experiment.variants.all().delete()
    ExperimentVariant.objects.bulk_create(
        ExperimentVariant(
            experiment=experiment, key=each.key, value=each.value, share_bp=each.share_bp, is_control=each.is_control
        )
        for each in terms.variants
    )


def _record_change(
    experiment: Experiment, before: ExperimentTerms, after: ExperimentTerms, actor_id: UUID | None
) -> None:
    old, new = before.said(), after.said()
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.change_experiment",
        subject=experiment,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
