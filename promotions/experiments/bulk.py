"""An experiment that has been running for a while, for demo data."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import transaction

from promotions.engagement.models import EventKind

from .models import Experiment
from .recording import record_facts
from .services.lifecycle import start_experiment
from .services.planning import create_experiment
from .splitting import assigned, split_of
from .terms import ExperimentTerms
from .values import PurchaseFact, UnitFact


class Told(NamedTuple):
    """When a unit saw something, when it clicked, and what it bought when, in minor units."""

    seen: list[datetime]
    clicked: list[datetime]
    bought: list[tuple[datetime, int]]


@transaction.atomic
def add_experiment(
    *, terms: ExperimentTerms, started_at: datetime, units: Iterable[UUID], story: Callable[[UUID, str], Told]
) -> bool:
    """Make and start an experiment unless there is one of that key; what `units` did is told by unit and variant's key.

    Whether it is new. Raises what `create_experiment` and `start_experiment` raise.
    """
    if Experiment.objects.filter(key=terms.key).exists():
        return False
    experiment = create_experiment(terms=terms, actor_id=None)
    start_experiment(experiment_id=experiment.pk, actor_id=None, at=started_at)
    split, keys = split_of(experiment), dict(experiment.variants.values_list("pk", "key"))
    shown: list[UnitFact] = []
    bought: list[PurchaseFact] = []
    for unit in units:
        variant_id = assigned(split, unit)
        if variant_id is None:
            continue
        told = story(unit, keys[variant_id])
        shown += [UnitFact(experiment.pk, variant_id, unit, EventKind.IMPRESSION, at) for at in told.seen]
        shown += [UnitFact(experiment.pk, variant_id, unit, EventKind.CLICK, at) for at in told.clicked]
        bought += [PurchaseFact(unit, minor, at) for at, minor in told.bought]
    record_facts(shown=shown, bought=bought)
    return True
