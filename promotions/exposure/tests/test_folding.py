"""What became of places is counted once, whatever is killed or repeated."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from marketplace.core.clock import platform_day
from marketplace.core.ids import uuid7
from promotions.engagement.models import EventDrain, EventKind
from promotions.experiments.models import Experiment, ExperimentUnit, ExperimentVariant
from promotions.exposure.figures import clicks_by_day, slot_sums
from promotions.exposure.models import Context, Slate, Slot, SlotDaily
from promotions.exposure.services import folding
from promotions.exposure.services.folding import fold_drains
from promotions.exposure.tests.factories import event_of, make_drain
from promotions.exposure.values import Place

pytestmark = pytest.mark.django_db


def make_slot(*, position: int = 1, reason: str = "popular", **slate: object) -> Place:
    """A place of a stored selection."""
    values = {"context": Context.HOME, "seed": "0", "tier": "scores", "expires_at": timezone.now(), **slate}
    stored = Slate.objects.create(key=uuid7().hex, **values)
    slot = Slot.objects.create(
        id=uuid7(), slate=stored, position=position, product_id=uuid7(), reason=reason, propensity=1.0
    )
    return Place(slot.pk, slot.position, slot.product_id, slot.reason, ())


def sums() -> list[tuple[str, int, str, int, int]]:
    rows = SlotDaily.objects.order_by("context", "position", "reason")
    return list(rows.values_list("context", "position", "reason", "impressions", "clicks"))


def fold() -> int:
    return fold_drains(at=timezone.now())


def test_impressions_and_clicks_count_for_their_place_and_reason_once():
    first, second = make_slot(), make_slot(position=2, reason="cold_boost")
    make_drain(
        event_of(first),
        event_of(first),
        event_of(first, EventKind.CLICK),
        event_of(second),
        event_of(second, EventKind.VIEW),
    )
    make_drain(event_of(first))

    assert (fold(), fold()) == (2, 0)

    assert sums() == [("home", 1, "popular", 3, 1), ("home", 2, "cold_boost", 1, 0)]
    assert not EventDrain.objects.filter(folded_at__isnull=True).exists()


def test_what_is_suspect_of_another_product_or_of_no_slot_counts_nowhere():
    slot = make_slot()
    make_drain(
        event_of(slot, is_suspect=True),
        event_of(slot, product_id=uuid7()),
        event_of(slot, exposure_id=uuid7()),
        event_of(slot, exposure_id=None),
    )

    assert fold() == 1

    assert sums() == []


def test_a_fold_that_is_stopped_half_way_has_counted_nothing(monkeypatch):
    slot = make_slot()
    make_drain(event_of(slot))

    def killed(_counts: object) -> None:
        raise DatabaseError

    with monkeypatch.context() as patch:
        patch.setattr(folding, "_add", killed)
        with pytest.raises(DatabaseError):
            fold()

    assert EventDrain.objects.filter(folded_at__isnull=True).count() == 1
    assert fold() == 1
    assert sums() == [("home", 1, "popular", 1, 0)]


def test_a_count_that_cannot_be_folded_keeps_no_other_waiting():
    broken, good = make_slot(variants={"w_popularity": {"key": "no way"}}), make_slot(position=2)
    make_drain(event_of(broken))
    make_drain(event_of(good))

    with pytest.raises(KeyError):
        fold()

    assert sums() == [("home", 2, "popular", 1, 0)]
    assert EventDrain.objects.filter(folded_at__isnull=True).count() == 1


def test_what_others_did_with_a_selection_of_ones_own_counts_nowhere():
    owner = uuid7()
    slot = make_slot(context=Context.PERSONALIZED, customer_id=owner)
    make_drain(event_of(slot), event_of(slot, customer_id=uuid7()), event_of(slot, customer_id=owner))

    fold()

    assert sums() == [("personalized", 1, "popular", 1, 0)]


def test_events_count_on_their_platform_day_and_figures_read_them():
    slot, now = make_slot(), timezone.now()
    yesterday = now - timedelta(days=1)
    make_drain(event_of(slot), event_of(slot, at=yesterday), event_of(slot, EventKind.CLICK, at=yesterday))

    fold()

    today, before = platform_day(now), platform_day(yesterday)
    assert clicks_by_day(before, today) == {before: (1, 1), today: (1, 0)}
    assert [(each.reason, each.impressions, each.clicks) for each in slot_sums(before, today)] == [("popular", 2, 1)]


def test_experiments_learn_what_units_saw_and_bought():
    now = timezone.now()
    experiment = Experiment.objects.create(
        key="weights",
        name="Weights",
        knob="w_popularity",
        state="running",
        started_at=now - timedelta(days=1),
        salt="s",
    )
    variant = ExperimentVariant.objects.create(
        experiment=experiment, key="all", value=0.5, share_bp=10_000, is_control=True
    )
    way = {"id": str(variant.pk), "experiment": str(experiment.pk), "key": "all", "value": 0.5}
    slot, unit = make_slot(variants={"w_popularity": way}), uuid7()
    make_drain(
        event_of(slot, actor=unit),
        event_of(slot, EventKind.CLICK, actor=unit),
        event_of(slot, EventKind.PURCHASE, actor=unit, exposure_id=None, amount_minor=34_900),
    )

    fold()

    row = ExperimentUnit.objects.get()
    assert (row.unit, row.variant_id, row.impressions, row.clicks) == (unit, variant.pk, 1, 1)
    assert (row.purchases, row.amount_minor) == (1, 34_900)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_that_fold_at_once_count_everything_once(together):
    slots = [make_slot(position=number) for number in range(1, 6)]
    for _drain in range(12):
        make_drain(*(event_of(slot) for slot in slots))

    folded = together(lambda _number: fold(), 4)

    assert sum(folded) == 12
    assert [row[3] for row in sums()] == [12] * 5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_mark_workers_would_count_twice(together, monkeypatch):
    """Control: the race above is real."""
    slot = make_slot()
    drains = [make_drain(event_of(slot)) for _drain in range(12)]

    def unmarked(_number: int) -> None:
        for drain in drains:
            folding._add(
                {((platform_day(timezone.now()), "home", 1, "popular"), EventKind.IMPRESSION): drain.events_count}
            )

    together(unmarked, 4)

    assert [row[3] for row in sums()] == [48]
