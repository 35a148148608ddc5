"""The editor goes through the services; the report page shows a table and a chart, or why there is nothing to read."""

from datetime import timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from promotions.experiments.models import Experiment, ExperimentUnit
from promotions.scoring.models import ScoringPolicy
from users.accounts.tests.factories import AdministratorFactory, StaffFactory

from .factories import AT, make_experiment, variant_of

pytestmark = pytest.mark.django_db
LIST = "admin:promotions_experiment_changelist"
ADD = "admin:promotions_experiment_add"


@pytest.fixture
def boss():
    """A signed-in administrator."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(AdministratorFactory.create())
    return client


def change_url(experiment) -> str:
    return reverse("admin:promotions_experiment_change", args=[experiment.pk])


def report_url(experiment) -> str:
    return reverse("admin:promotions_experiment_figures", args=[experiment.pk])


def step_url(experiment, step: str) -> str:
    return reverse(f"admin:promotions_experiment_{step}", args=[experiment.pk])


def posted(*variants, **changes):
    ends = timezone.localtime(timezone=ZoneInfo(settings.PLATFORM_TIME_ZONE)) + timedelta(days=3)
    rows = {}
    for place, (key, value, share, is_control) in enumerate(variants):
        rows |= {f"variants-{place}-key": key, f"variants-{place}-value": value, f"variants-{place}-share_bp": share}
        rows |= {f"variants-{place}-is_control": "on"} if is_control else {}
    return {
        "key": "weights",
        "name": "Weights",
        "hypothesis": "",
        "knob": "w_popularity",
        "decided_by": "exposure_hit_ratio",
        "inclusion_bp": "10000",
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": f"{ends:%H:%M:%S}",
        "variants-TOTAL_FORMS": str(len(variants)),
        "variants-INITIAL_FORMS": "0",
        **rows,
    } | changes


def errors_of(response) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


HALVES = (("today", "0.7", "5000", True), ("more", "0.9", "5000", False))


def fill(experiment, **units) -> None:
    ExperimentUnit.objects.bulk_create(
        ExperimentUnit(
            experiment=experiment, variant=variant_of(experiment, key), unit=uuid4(), impressions=4,
            clicks=number % 3, purchases=number % 2, amount_minor=9_900 * (number % 2),
            runs=[[0, 0]], first_at=AT, last_at=AT,
        )
        for key, count in units.items()
        for number in range(count)
    )  # fmt: skip


def test_adding_goes_through_the_services_variants_too(boss):
    response = boss.post(reverse(ADD), posted(*HALVES))

    assert response.status_code == 302, errors_of(response)
    experiment = Experiment.objects.get()
    assert (experiment.state, len(experiment.salt)) == ("draft", 32)
    assert set(experiment.variants.values_list("key", "value", "share_bp", "is_control")) == {
        ("today", 0.7, 5_000, True),
        ("more", 0.9, 5_000, False),
    }


def test_a_refusal_comes_back_with_the_form_and_makes_nothing(boss):
    make_experiment(state="draft", key="weights")

    response = boss.post(reverse(ADD), posted(*HALVES))

    assert response.status_code == 200
    assert errors_of(response)
    assert Experiment.objects.count() == 1


def test_steps_go_through_the_services(boss):
    experiment = make_experiment(state="draft", ends_at=None)
    submitted = {"_form_submitted": "True"}

    started = boss.post(step_url(experiment, "start"), submitted)
    experiment.refresh_from_db()
    first = experiment.state
    boss.post(step_url(experiment, "stop"), submitted)
    boss.post(step_url(experiment, "pick"), submitted | {"variant": str(variant_of(experiment).pk)})

    experiment.refresh_from_db()
    assert started.headers["HX-Redirect"] == change_url(experiment)
    assert (first, experiment.state, experiment.picked) == ("running", "stopped", variant_of(experiment))
    assert ScoringPolicy.objects.get().w_popularity == 0.9


def test_what_has_started_is_to_be_looked_at(boss):
    experiment = make_experiment()

    page = boss.get(change_url(experiment))
    refused = boss.post(change_url(experiment), posted(*HALVES, name="Other"))

    assert page.status_code == 200
    assert b'name="name"' not in page.content
    assert refused.status_code == 403
    assert Experiment.objects.get().name == experiment.name


def test_the_report_page_has_table_and_chart(boss):
    experiment = make_experiment(state="stopped")
    fill(experiment, today=120, more=126)

    page = boss.get(report_url(experiment))
    text = page.content.decode()

    assert page.status_code == 200
    assert page.context["report"].is_readable
    assert text.count("<svg viewBox=") == 3
    assert 'id="comparisons"' in text
    assert "Verdicts go by: fixed horizon" in text
    assert boss.get(change_url(experiment)).status_code == boss.get(reverse(LIST)).status_code == 200


def test_where_the_check_failed_the_page_says_so_and_compares_nothing(boss):
    experiment = make_experiment(state="stopped")
    fill(experiment, today=100, more=200)

    text = boss.get(report_url(experiment)).content.decode()

    assert "Do not read these figures." in text
    assert 'id="comparisons"' not in text
    assert "<svg viewBox=" not in text


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_draft_has_an_empty_report(boss, language):
    experiment = make_experiment(state="draft", variants=())

    page = boss.get(report_url(experiment), headers={"Accept-Language": language})

    assert page.status_code == 200
    assert 'id="comparisons"' not in page.content.decode()


def test_the_report_is_for_whoever_may_see_experiments(boss):
    experiment = make_experiment()
    staff = Client()
    staff.force_login(StaffFactory.create())

    assert staff.get(report_url(experiment)).status_code == 403
    assert boss.post(report_url(experiment)).status_code == 403
    assert boss.get(reverse("admin:promotions_experiment_figures", args=[uuid4()])).status_code == 302
