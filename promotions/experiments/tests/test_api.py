"""`admin/experiments/` over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from promotions.experiments.models import Experiment, ExperimentUnit
from promotions.scoring.models import ScoringPolicy
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory

from .factories import AT, make_experiment, variant_of

pytestmark = pytest.mark.django_db
URL = "/api/v1/admin/experiments/"


def url(experiment, step: str = "") -> str:
    return f"{URL}{experiment.pk}/{step}"


@pytest.fixture
def boss(api):
    """The client, signed in as an administrator."""
    api.force_authenticate(AdministratorFactory.create())
    return api


def body(**changes) -> dict[str, Any]:
    return {
        "key": "heavier-weights",
        "name": "Heavier weights",
        "knob": "w_popularity",
        "ends_at": (timezone.now() + timedelta(days=14)).isoformat(),
        "variants": [
            {"key": "today", "value": 0.7, "share_bp": 5_000, "is_control": True},
            {"key": "heavier", "value": 0.85, "share_bp": 5_000},
        ],
    } | changes


def test_an_experiment_is_made_started_stopped_and_its_winner_picked(boss):
    created = boss.post(URL, body(), format="json")
    made = created.json()
    path = f"{URL}{made['id']}/"

    assert (created.status_code, created["ETag"], made["state"]) == (201, '"1"', "draft")
    assert (made["decided_by"], made["inclusion_bp"], made["picked"]) == ("exposure_hit_ratio", 10_000, None)
    assert sorted(variant["key"] for variant in made["variants"]) == ["heavier", "today"]
    assert "salt" not in made
    started, again = boss.post(f"{path}start/"), boss.post(f"{path}start/")
    assert (started.json()["state"], again.json()["started_at"]) == ("running", started.json()["started_at"])
    assert boss.post(f"{path}stop/").json()["state"] == "stopped"
    winner = next(variant["id"] for variant in made["variants"] if variant["key"] == "heavier")
    picked = boss.post(f"{path}pick/", {"variant": winner}, format="json")
    assert (picked.status_code, picked.json()["picked"]) == (200, winner)
    assert ScoringPolicy.objects.get().w_popularity == 0.85


def test_the_list_is_filtered(boss):
    running, draft = make_experiment(), make_experiment(state="draft", knob="explore_share")

    def ids(query: str) -> list[str]:
        return [row["id"] for row in boss.get(f"{URL}?{query}").json()["results"]]

    assert ids("") == [str(draft.pk), str(running.pk)]
    assert ids("state=running") == [str(running.pk)]
    assert ids("knob=explore_share") == [str(draft.pk)]
    assert boss.get(f"{URL}?state=gone").status_code == 400


def test_the_list_costs_few_queries(boss, django_assert_max_num_queries):
    for _number in range(3):
        make_experiment(state="draft")

    with django_assert_max_num_queries(4):
        assert len(boss.get(URL).json()["results"]) == 3


def test_a_draft_is_changed_and_removed_by_its_version(boss):
    draft = make_experiment(state="draft")

    changed = boss.patch(url(draft), {"name": "Other"}, format="json", headers={"If-Match": '"1"'})
    stale = boss.patch(url(draft), {"name": "Third"}, format="json", headers={"If-Match": '"1"'})
    stale_step = boss.post(url(draft, "start/"), headers={"If-Match": '"1"'})

    assert (changed.status_code, changed["ETag"], changed.json()["name"]) == (200, '"2"', "Other")
    assert len(changed.json()["variants"]) == 2
    assert (stale.status_code, stale.json()["current"]["name"], stale_step.status_code) == (412, "Other", 412)
    assert boss.delete(url(draft)).status_code == 204
    assert boss.get(url(draft)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"key": "no spaces"}, "key"),
        ({"knob": "price"}, "knob"),
        ({"inclusion_bp": "all"}, "inclusion_bp"),
        ({"ends_at": "2026-06-15T06:00:00"}, "ends_at"),
        ({"variants": [{"key": "x", "value": 2, "share_bp": 5_000}]}, "variants"),
        ({"variants": [{"key": "x", "share_bp": 5_000}]}, "variants"),
        ({"variants": {}}, "variants"),
    ],
)
def test_wrong_input_is_refused_and_makes_nothing(boss, changes, field):
    refused = boss.post(URL, body(**changes), format="json")

    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"].startswith(field)
    assert not Experiment.objects.exists()


def test_refusals_have_their_codes(boss):
    running, draft = make_experiment(key="one", ends_at=None), make_experiment(state="draft", key="two", variants=())
    full = make_experiment(state="draft", ends_at=None)

    answers = [
        boss.post(URL, body(key="one"), format="json"),
        boss.patch(url(running), {"name": "x"}, format="json"),
        boss.delete(url(running)),
        boss.post(url(draft, "start/")),
        boss.post(url(full, "start/")),
        boss.post(url(full, "stop/")),
        boss.post(url(running, "pick/"), {"variant": str(variant_of(running).pk)}, format="json"),
        boss.post(f"{URL}{uuid4()}/start/"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "experiment_key_taken"),
        (409, "experiment_state"),
        (409, "experiment_state"),
        (400, "invalid"),
        (409, "knob_taken"),
        (409, "experiment_state"),
        (409, "experiment_state"),
        (404, "not_found"),
    ]
    assert Experiment.objects.filter(state="draft").count() == 2


def test_the_report_is_read_by_machines_too(boss):
    experiment = make_experiment(state="stopped")
    ExperimentUnit.objects.bulk_create(
        ExperimentUnit(
            experiment=experiment, variant=variant, unit=uuid4(), impressions=2, clicks=number % 2,
            runs=[[0, 0]], first_at=AT, last_at=AT,
        )
        for variant in experiment.variants.all()
        for number in range(120)
    )  # fmt: skip

    answer = boss.get(url(experiment, "report/"))
    report = answer.json()

    assert answer.status_code == 200
    assert (report["is_readable"], report["basis"], report["balance"]["p_value"]) == (True, "fixed", 1.0)
    assert [arm["units"] for arm in report["arms"]] == [120, 120]
    hit = next(each for each in report["comparisons"] if each["metric"] == "exposure_hit_ratio")
    assert (hit["difference"], hit["verdict"]) == (0.0, "undecided")
    assert report["arms"][0]["metrics"]["ab_variant_conversion"]["value"] == 0.0
    assert boss.get(url(make_experiment(state="draft"), "report/")).json()["comparisons"] == []


def test_a_winner_where_the_check_failed_is_refused(boss):
    experiment = make_experiment(state="stopped")
    ExperimentUnit.objects.bulk_create(
        ExperimentUnit(
            experiment=experiment, variant=variant_of(experiment), unit=uuid4(), impressions=1,
            runs=[[0, 0]], first_at=AT, last_at=AT,
        )
        for _unit in range(50)
    )  # fmt: skip

    refused = boss.post(url(experiment, "pick/"), {"variant": str(variant_of(experiment).pk)}, format="json")
    report = boss.get(url(experiment, "report/"), headers={"Accept-Language": "es"}).json()

    assert (refused.status_code, refused.json()["code"]) == (409, "experiment_unreadable")
    assert report["warnings"][0]["code"] == "do_not_read"
    assert report["warnings"][0]["detail"].startswith("No leas estas cifras")
    assert not ScoringPolicy.objects.exists()


def test_who_may(api):
    experiment = make_experiment()
    looker = StaffFactory.create()
    looker.user_permissions.add(Permission.objects.get(codename="view_experiment"))

    def statuses(user) -> list[int]:
        api.force_authenticate(user)
        answers = [api.get(URL), api.get(url(experiment, "report/")), api.post(url(experiment, "stop/"))]
        return [answer.status_code for answer in answers]

    assert statuses(None) == [401, 401, 401]
    assert statuses(UserFactory.create()) == [403, 403, 403]
    assert statuses(StaffFactory.create()) == [403, 403, 403]
    assert statuses(looker) == [200, 200, 403]
    assert Experiment.objects.get().state == "running"
