"""What experiments forget: with time, and of a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from django.db.models import Min, Q

from marketplace.core.retention import delete_in_batches

from .models import Experiment, ExperimentPurchase, ExperimentUnit

FACTS_TAKEN_FOR: Final = timedelta(days=30)
"""So long after its stop an experiment may still get facts: late ones, and suspect ones that staff restore."""
UNITS_KEPT_FOR: Final = timedelta(days=730)
"""So long after its stop an experiment's report can be read."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows of each kind went."""

    purchases: int
    units: int


def forget_old_facts(*, at: datetime) -> Forgotten:
    """Delete purchases that no experiment can count any more, and units two years after their experiment's stop.

    A purchase stays while an experiment that was running at its time still takes facts: what is attributed is worked
    out anew with each fact. Harmless twice.
    """
    taking = Q(state=Experiment.State.RUNNING) | Q(stopped_at__gte=at - FACTS_TAKEN_FOR)
    since = Experiment.objects.filter(taking).aggregate(since=Min("started_at"))["since"] or at
    over = Experiment.objects.filter(stopped_at__lt=at - UNITS_KEPT_FOR)
    return Forgotten(
        purchases=delete_in_batches(ExperimentPurchase.objects.filter(at__lt=since)),
        units=delete_in_batches(ExperimentUnit.objects.filter(experiment__in=over.values("pk"))),
    )


def forget_units(user_id: UUID) -> None:
    """What the person saw and did stays in the sums, under ids that lead to nobody, another for each experiment."""
    ExperimentPurchase.objects.filter(unit=user_id).delete()
    rows = list(ExperimentUnit.objects.filter(unit=user_id).order_by("pk"))
    for row in rows:
        row.unit = uuid4()
    ExperimentUnit.objects.bulk_update(rows, ["unit"])
