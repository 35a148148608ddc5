"""Experiments and units for tests, here and in other slices: made by the services, so that everything agrees."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from promotions.engagement.models import EventKind
from promotions.experiments.models import Experiment, ExperimentVariant
from promotions.experiments.services.lifecycle import start_experiment, stop_experiment
from promotions.experiments.services.planning import create_experiment
from promotions.experiments.splitting import assigned, split_of
from promotions.experiments.terms import ExperimentTerms, VariantTerms
from promotions.experiments.values import UnitFact

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
"""When experiments of the factories start."""
TODAY, MORE = VariantTerms("today", 0.7, 5_000, is_control=True), VariantTerms("more", 0.9, 5_000)


def experiment_terms(**terms: Any) -> ExperimentTerms:
    """Half with 0.7 as today, half with 0.9, for a fortnight."""
    defaults: dict[str, Any] = {
        "key": f"weights-{uuid4().hex[:8]}",
        "name": "Heavier weights",
        "hypothesis": "More popular products, more clicks.",
        "knob": "w_popularity",
        "ends_at": AT + timedelta(days=14),
        "variants": (TODAY, MORE),
    }
    return ExperimentTerms(**(defaults | terms))


def make_experiment(
    *, state: str = "running", at: datetime = AT, stopped_at: datetime | None = None, **terms: Any
) -> Any:
    """An experiment in that state, started at `at`; stopped at its planned end unless `stopped_at` says otherwise."""
    experiment = create_experiment(terms=experiment_terms(**terms), actor_id=None)
    if state != "draft":
        start_experiment(experiment_id=experiment.pk, actor_id=None, at=at)
    if state == "stopped":
        moment = stopped_at or experiment.ends_at or at + timedelta(days=14)
        stop_experiment(experiment_id=experiment.pk, actor_id=None, at=moment)
    return Experiment.objects.get(pk=experiment.pk)


def variant_of(experiment: Experiment, key: str = "more") -> ExperimentVariant:
    """By its key."""
    return experiment.variants.get(key=key)


def units_of(experiment: Experiment, key: str = "more") -> Iterator[UUID]:
    """Units, made up, that get the variant."""
    split, wanted = split_of(experiment), variant_of(experiment, key).pk
    while True:
        unit = uuid4()
        if assigned(split, unit) == wanted:
            yield unit


def unit_of(experiment: Experiment, key: str = "more") -> UUID:
    """One of them."""
    return next(units_of(experiment, key))


def seen(
    experiment: Experiment, unit: UUID, *, at: datetime = AT, key: str = "more", kind: EventKind = EventKind.IMPRESSION
) -> UnitFact:
    """A fact: the unit was exposed to the variant at that moment, or clicked."""
    return UnitFact(experiment.pk, variant_of(experiment, key).pk, unit, kind, at)
