"""Counting what units saw, did and bought, in the transaction that folds a drain.

A purchase counts for an experiment when the unit was exposed in the 24 hours before it. Events come late and in any
order, and a purchase may be folded before the exposure it follows. So of each unit the runs of its exposures are kept,
and its purchases; what is attributed is worked out from both each time one of them grows, and written by assignment.
The order of folds does not matter, which a test shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from marketplace.core.locking import LockRank, lock
from promotions.engagement.models import EventKind

from .models import Experiment, ExperimentPurchase, ExperimentUnit
from .splitting import Split, assigned, split_of
from .values import PurchaseFact, UnitFact

ATTRIBUTION: Final = timedelta(hours=24)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_REACH: Final = ATTRIBUTION // _MICROSECOND
BATCH: Final = 1_000

Run = list[int]
Key = tuple[UUID, UUID]


class _Open(NamedTuple):
    """An experiment that facts may count for, and its moments: exposures from start to end, both included."""

    split: Split
    variant_ids: frozenset[UUID]
    started_at: datetime
    until: datetime | None

    def takes(self, fact: UnitFact) -> bool:
        is_in_time = self.started_at <= fact.at and (self.until is None or fact.at <= self.until)
        return is_in_time and fact.variant_id in self.variant_ids

    def may_take(self, bought: PurchaseFact) -> bool:
        return self.started_at <= bought.at and (self.until is None or bought.at <= self.until + ATTRIBUTION)


@transaction.atomic
def record_facts(*, shown: Sequence[UnitFact], bought: Sequence[PurchaseFact]) -> None:
    """Count the facts of one fold; within the caller's transaction, which marks the drain as folded.

    Exposures and clicks outside the experiment's time, of unknown experiments or of kinds that are neither are left
    out. A unit that is seen under a variant that is not its own is mixed from then on. Folds wait for each other here
    (the experiments' rows), so that none misses what another is writing. The same facts twice count twice: that a drain
    is folded once is the caller's, in this transaction.
    """
    if not shown and not bought:
        return
    open_ones = _open_experiments({fact.experiment_id for fact in shown}, bought)
    groups = _by_unit(shown, open_ones)
    kept = [each for each in bought if any(experiment.may_take(each) for experiment in open_ones.values())]
    ExperimentPurchase.objects.bulk_create(
        [ExperimentPurchase(unit=each.unit, amount_minor=each.amount_minor, at=each.at) for each in kept],
        batch_size=BATCH,
    )
    rows = _rows_of(groups, {each.unit for each in kept}, open_ones)
    for key, facts in groups.items():
        row = rows.get(key) or rows.setdefault(key, _new_row(key, facts, open_ones[key[0]].split))
        _count(row, facts, open_ones[key[0]].split)
    _attribute(rows.values())
    _write([rows[key] for key in sorted(rows)])


def _open_experiments(ids: set[UUID], bought: Sequence[PurchaseFact]) -> Mapping[UUID, _Open]:
    """Locked. Those the facts name, and those the purchases may count for."""
    wanted = Q(pk__in=ids)
    if bought:
        wanted |= Q(state=Experiment.State.RUNNING)
        wanted |= Q(stopped_at__gte=min(each.at for each in bought) - ATTRIBUTION)
    rows = lock(LockRank.CAMPAIGN_USAGE, Experiment.objects.filter(wanted, started_at__isnull=False))
    found = {}
    for experiment in rows:
        split, started_at = split_of(experiment), experiment.started_at
        ends = [each for each in (experiment.stopped_at, experiment.ends_at) if each is not None]
        if started_at is not None:
            ids_of_variants = frozenset(variant_id for variant_id, _share in split.variants)
            found[experiment.pk] = _Open(split, ids_of_variants, started_at, min(ends, default=None))
    return found


def _by_unit(shown: Iterable[UnitFact], open_ones: Mapping[UUID, _Open]) -> dict[Key, list[UnitFact]]:
    groups: dict[Key, list[UnitFact]] = {}
    for fact in shown:
        experiment = open_ones.get(fact.experiment_id)
        if experiment and fact.kind in {EventKind.IMPRESSION, EventKind.CLICK} and experiment.takes(fact):
            groups.setdefault((fact.experiment_id, fact.unit), []).append(fact)
    return groups


def _rows_of(
    groups: Iterable[Key], buyers: Iterable[UUID], open_ones: Mapping[UUID, _Open]
) -> dict[Key, ExperimentUnit]:
    """What is known of the units the facts are about."""
    units = {unit for _experiment_id, unit in groups} | set(buyers)
    rows = ExperimentUnit.objects.filter(experiment__in=list(open_ones), unit__in=units)
    return {(row.experiment_id, row.unit): row for row in rows}


def _new_row(key: Key, facts: Sequence[UnitFact], split: Split) -> ExperimentUnit:
    """One that takes no part, and was shown a variant all the same, stands under that: mixed."""
    experiment_id, unit = key
    variant_id = assigned(split, unit) or facts[0].variant_id
    return ExperimentUnit(experiment_id=experiment_id, unit=unit, variant_id=variant_id)


def _count(row: ExperimentUnit, facts: Sequence[UnitFact], split: Split) -> None:
    own = assigned(split, row.unit)
    row.is_mixed = row.is_mixed or any(fact.variant_id != own for fact in facts)
    exposures = [_microseconds(fact.at) for fact in facts if fact.kind == EventKind.IMPRESSION]
    row.impressions += len(exposures)
    row.clicks += len(facts) - len(exposures)
    row.runs = merged_runs([*row.runs, *([moment, moment] for moment in exposures)])
    if row.runs:
        row.first_at, row.last_at = _moment(row.runs[0][0]), _moment(row.runs[-1][1])


def merged_runs(runs: Iterable[Run]) -> list[Run]:
    """Runs [first, last] with a gap of a day at most are one: what they cover, first … last + 24 h, is the same."""
    merged: list[Run] = []
    for first, last in sorted(runs):
        if merged and first <= merged[-1][1] + _REACH:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return merged


def _attribute(rows: Iterable[ExperimentUnit]) -> None:
    rows = list(rows)
    purchases: dict[UUID, list[tuple[int, int]]] = {}
    found = ExperimentPurchase.objects.filter(unit__in={row.unit for row in rows})
    for unit, amount_minor, at in found.values_list("unit", "amount_minor", "at"):
        purchases.setdefault(unit, []).append((_microseconds(at), amount_minor))
    for row in rows:
        amounts = [amount for at, amount in purchases.get(row.unit, ()) if is_covered(row.runs, at)]
        row.purchases, row.amount_minor = len(amounts), sum(amounts)


def is_covered(runs: Iterable[Run], at: int) -> bool:
    """Whether the last exposure before that moment is at most 24 hours old."""
    return any(first <= at <= last + _REACH for first, last in runs)


def _write(rows: Sequence[ExperimentUnit]) -> None:
    """Of new and known ones alike, in one statement a batch, in the order of their keys."""
    for row in rows:
        row.pk = None  # an id among the values would split the statement in two; the unit's own key decides
    counted = ["is_mixed", "impressions", "clicks", "purchases", "amount_minor", "runs", "first_at", "last_at"]
    ExperimentUnit.objects.bulk_create(
        rows, batch_size=BATCH, update_conflicts=True, unique_fields=["experiment", "unit"], update_fields=counted
    )


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND
