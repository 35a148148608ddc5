"""The report: figures equal to raw rows, nothing to read where the check failed, verdicts by the right interval."""

import random
from datetime import timedelta
from itertools import islice
from uuid import uuid4

import pytest
from django.utils import timezone

from promotions.engagement.models import EventKind
from promotions.experiments.figures import kpis
from promotions.experiments.models import ExperimentPurchase, ExperimentUnit
from promotions.experiments.privacy import forget_old_facts, forget_units
from promotions.experiments.recording import record_facts
from promotions.experiments.report import experiment_report
from promotions.experiments.selectors import variant_sums
from promotions.experiments.terms import VariantTerms
from promotions.experiments.values import PurchaseFact

from .factories import AT, make_experiment, seen, units_of

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SETTLED = AT + 30 * DAY


def fill(experiment, units, *, rate=0.1, seed=1, amount=10_000):
    """`units` by variant key: each sees ten, clicks some at `rate` (by key or for all), one in ten buys."""
    chance = random.Random(seed)
    rows = []
    for variant in experiment.variants.order_by("key"):
        click_rate = rate.get(variant.key, 0.1) if isinstance(rate, dict) else rate
        for _unit in range(units.get(variant.key, 0)):
            clicks, buys = sum(chance.random() < click_rate for _look in range(10)), chance.random() < 0.1
            rows.append(
                ExperimentUnit(
                    experiment=experiment, variant=variant, unit=uuid4(), impressions=10, clicks=clicks,
                    purchases=int(buys), amount_minor=amount * buys, runs=[[0, 0]], first_at=AT, last_at=AT,
                )
            )  # fmt: skip
    ExperimentUnit.objects.bulk_create(rows, batch_size=500)


def test_the_figures_are_those_of_the_facts():
    experiment = make_experiment()
    more, today = list(islice(units_of(experiment), 3)), list(islice(units_of(experiment, "today"), 2))
    shown = [seen(experiment, unit, at=AT + hour * HOUR) for unit in more for hour in range(4)]
    shown += [seen(experiment, unit, key="today") for unit in today]
    shown += [seen(experiment, more[0], at=AT + HOUR, kind=EventKind.CLICK)] * 2
    shown += [seen(experiment, today[0], at=AT + HOUR, kind=EventKind.CLICK, key="today")]

    record_facts(shown=shown, bought=[PurchaseFact(more[1], 300, AT + HOUR), PurchaseFact(more[1], 50, AT + 2 * HOUR)])

    report = experiment_report(experiment, at=AT + DAY)
    control, variant = report.arms
    assert (control.key, control.is_control, control.units, control.impressions, control.clicks) == (
        "today",
        True,
        2,
        2,
        1,
    )
    assert (variant.units, variant.impressions, variant.clicks) == (3, 12, 2)
    assert (variant.buyers, variant.purchases, variant.amount_minor) == (1, 2, 350)
    assert variant.metrics["exposure_hit_ratio"].value == pytest.approx(2 / 12)
    assert variant.metrics["ab_variant_conversion"].value == pytest.approx(1 / 3)
    assert variant.metrics["amount_per_unit"].value == pytest.approx(350 / 3)
    sums = variant_sums(experiment.pk)[variant.variant_id]
    assert sums.clicks == (3, 2, 12, 4, 48, 8)
    assert sums.amount == (3, 350, 122_500)


def test_a_large_amount_overflows_nowhere():
    experiment = make_experiment()
    fill(experiment, {"today": 100, "more": 100}, amount=10**15)

    report = experiment_report(experiment, at=SETTLED)

    assert report.arms[0].amount_minor == report.arms[0].buyers * 10**15


def test_where_the_sample_ratio_check_fails_nothing_is_compared():
    experiment = make_experiment(state="stopped")
    fill(experiment, {"today": 490, "more": 710}, rate={"today": 0.1, "more": 0.3})

    report = experiment_report(experiment, at=SETTLED)

    assert not report.is_readable
    assert report.balance.is_alarm
    assert report.comparisons == []
    assert report.warnings[0] == "do_not_read"


def test_a_planted_effect_is_found_at_the_planned_end():
    experiment = make_experiment(state="stopped")
    fill(experiment, {"today": 500, "more": 510}, rate={"today": 0.10, "more": 0.13})

    report = experiment_report(experiment, at=SETTLED)
    found = {each.metric: each for each in report.comparisons}

    assert (report.is_readable, report.basis, report.confidence, report.warnings) == (True, "fixed", 0.95, [])
    hit = found["exposure_hit_ratio"]
    assert hit.verdict == "better"
    assert hit.any_time_low < hit.low < 0.03 < hit.high < hit.any_time_high
    assert hit.lift == pytest.approx(hit.difference / report.arms[0].metrics["exposure_hit_ratio"].value)
    assert found["ab_variant_conversion"].verdict == "undecided"
    assert found["amount_per_unit"].verdict == "undecided"


@pytest.mark.parametrize(
    ("state", "stopped_at", "warning"),
    [("running", None, "still_running"), ("stopped", AT + 13 * DAY, "stopped_early")],
)
def test_whoever_looks_early_gets_the_wide_interval(state, stopped_at, warning):
    """The same figures that are a winner at the planned end are none yet."""
    experiment = make_experiment(state=state, stopped_at=stopped_at)
    fill(experiment, {"today": 500, "more": 510}, rate={"today": 0.10, "more": 0.1175}, seed=2)

    report = experiment_report(experiment, at=SETTLED)
    hit = report.comparisons[0]

    assert (report.basis, report.warnings) == ("any_time", [warning])
    assert hit.low > 0.0 > hit.any_time_low
    assert hit.verdict == "undecided"


def test_without_a_planned_end_there_is_no_fixed_horizon():
    experiment = make_experiment(state="stopped", ends_at=None)

    report = experiment_report(experiment, at=SETTLED)

    assert (report.basis, report.comparisons) == ("any_time", [])
    assert report.warnings == ["too_few_units", "stopped_early"]


def test_few_units_get_no_verdict_and_late_events_are_waited_for():
    experiment = make_experiment(state="stopped")
    fill(experiment, {"today": 60, "more": 60}, rate={"today": 0.05, "more": 0.5})

    early = experiment_report(experiment, at=experiment.stopped_at + 4 * DAY - HOUR)
    settled = experiment_report(experiment, at=experiment.stopped_at + 4 * DAY)

    assert {each.verdict for each in settled.comparisons} == {"too_few"}
    assert (early.warnings, settled.warnings) == (["too_few_units", "not_settled"], ["too_few_units"])


def test_several_variants_share_the_rate_of_false_alarms():
    two = make_experiment(state="stopped")
    thirds = (
        VariantTerms("today", 0.7, 3_400, is_control=True),
        VariantTerms("more", 0.9, 3_300),
        VariantTerms("less", 0.5, 3_300),
    )
    three = make_experiment(state="stopped", variants=thirds)
    fill(two, {"today": 400, "more": 400}, rate={"today": 0.1, "more": 0.12})
    fill(three, {"today": 400, "more": 400}, rate={"today": 0.1, "more": 0.12})
    fill(three, {"less": 350})

    alone, shared = (experiment_report(each, at=SETTLED) for each in (two, three))
    one, same = alone.comparisons[0], next(each for each in shared.comparisons if each.key == "more")

    assert shared.confidence == pytest.approx(0.975)
    assert same.difference == one.difference
    assert same.p_value == pytest.approx(2 * one.p_value)
    assert same.high - same.low > one.high - one.low
    assert "several_variants" in shared.warnings


def test_mixed_units_are_left_out_and_many_of_them_said():
    experiment = make_experiment(state="stopped")
    fill(experiment, {"today": 150, "more": 150})
    some = list(ExperimentUnit.objects.values_list("pk", flat=True)[:9])
    ExperimentUnit.objects.filter(pk__in=some).update(is_mixed=True)

    report = experiment_report(experiment, at=SETTLED)

    assert (report.mixed_units, sum(arm.units for arm in report.arms)) == (9, 291)
    assert report.warnings == ["mixed_units"]


def test_a_report_costs_few_queries(django_assert_num_queries):
    experiment = make_experiment(state="stopped")
    fill(experiment, {"today": 50, "more": 50})

    with django_assert_num_queries(4):
        experiment_report(experiment, at=SETTLED)


def test_the_dashboard_says_how_many_run():
    make_experiment(at=timezone.now() - DAY, ends_at=None)

    assert [kpi.value for kpi in kpis()] == ["1"]


def test_a_person_is_forgotten_and_the_sums_stay():
    weights, places = make_experiment(), make_experiment(knob="explore_share")
    person = next(units_of(weights))
    shown = [seen(weights, person)]
    record_facts(shown=shown, bought=[PurchaseFact(person, 500, AT + HOUR)])
    record_facts(shown=[seen(places, person)], bought=[])
    before = variant_sums(weights.pk)

    forget_units(person)

    units = list(ExperimentUnit.objects.values_list("unit", flat=True))
    assert person not in units
    assert len(set(units)) == 2
    assert not ExperimentPurchase.objects.exists()
    assert variant_sums(weights.pk) == before


def test_old_facts_go_when_no_report_needs_them():
    experiment = make_experiment(state="stopped")
    unit = next(units_of(experiment))
    record_facts(shown=[seen(experiment, unit)], bought=[PurchaseFact(unit, 500, AT + HOUR)])
    stopped_at = experiment.stopped_at

    kept = forget_old_facts(at=stopped_at + 29 * DAY)
    gone = forget_old_facts(at=stopped_at + 31 * DAY)
    later = forget_old_facts(at=stopped_at + 731 * DAY)

    assert (kept.purchases, kept.units) == (0, 0)
    assert (gone.purchases, gone.units) == (1, 0)
    assert (later.purchases, later.units) == (0, 1)
