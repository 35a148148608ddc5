"""`internal/scoring/`: computing now, rankings, the pages of the back office."""

import pytest
from django.urls import reverse
from django.utils import timezone

from promotions.scoring.models import ScoresVersion, ScoringPolicy
from promotions.scoring.services import compute_scores
from stores.catalog.tests.factories import CategoryFactory
from users.accounts.tests.factories import AdministratorFactory, UserFactory

from .factories import make_offer

pytestmark = pytest.mark.django_db
RUN, RANKINGS = "/api/v1/internal/scoring/run/", "/api/v1/internal/scoring/rankings/"
AT = timezone.now()


@pytest.fixture
def staff(api):
    """An administrator's client."""
    api.force_authenticate(AdministratorFactory.create())
    return api


def test_an_administrator_computes_a_version(staff):
    make_offer(at=AT)

    answer = staff.post(RUN)

    version = ScoresVersion.objects.get()
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["products"]) == (version.pk, 1)
    assert answer.json()["policy"]["w_popularity"] == 0.7


def test_customers_compute_and_read_nothing(api):
    compute_scores(at=AT)
    api.force_authenticate(UserFactory.create())

    assert (api.post(RUN).status_code, api.get(RANKINGS).status_code) == (403, 403)
    assert ScoresVersion.objects.count() == 1


def test_rankings_go_by_the_score_that_is_asked_for(staff, django_assert_max_num_queries):
    category = CategoryFactory.create()
    popular = make_offer(at=AT, category=category, weight=50.0, impressions=5_000, cost=9_000)
    rich = make_offer(at=AT, category=category, cost=100)
    compute_scores(at=AT)

    with django_assert_max_num_queries(4):
        by_exposure = staff.get(RANKINGS).json()["results"]
    by_profit = staff.get(RANKINGS, {"score": "profit"}).json()["results"]
    by_key = staff.get(RANKINGS, {"score": "log_key"}).json()["results"]

    assert [row["product"] for row in by_exposure] == [str(popular.pk), str(rich.pk)]
    assert [row["product"] for row in by_profit] == [str(rich.pk), str(popular.pk)]
    assert [row["product"] for row in by_key] == [str(popular.pk), str(rich.pk)]
    assert by_exposure[0]["popularity"] == pytest.approx(1.0)


def test_rankings_of_a_category_of_an_older_version(staff):
    root = CategoryFactory.create()
    below = make_offer(at=AT, category=CategoryFactory.create(parent=root))
    make_offer(at=AT)
    version = compute_scores(at=AT)
    make_offer(at=AT, category=root)
    compute_scores(at=AT)

    found = staff.get(RANKINGS, {"category": str(root.pk), "version": version.pk, "page_size": 1}).json()

    assert ([row["product"] for row in found["results"]], found["next"]) == ([str(below.pk)], None)


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 404, "no_scores"),
        ({"version": "7"}, 404, "no_scores"),
        ({"score": "fame"}, 400, "invalid"),
        ({"category": "shoes"}, 400, "invalid"),
        ({"version": "0"}, 400, "invalid"),
        ({"version": "1e3"}, 400, "invalid"),
    ],
)
def test_what_cannot_be_ranked_is_refused(staff, query, status, code):
    ScoresVersion.objects.create(pk=7, policy={}, started_at=AT)

    answer = staff.get(RANKINGS, query)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_policy_is_added_in_the_back_office_and_never_changed(client):
    client.force_login(AdministratorFactory.create())
    ScoringPolicy.objects.create(w_popularity=0.4)
    add = reverse("admin:promotions_scoringpolicy_add")
    shown = client.get(add)
    values = {
        **{"w_popularity": "0.6", "w_cold": "0.5", "w_profit": "0.3", "w_freshness": "0.2", "explore_share": "0.25"},
        **{"cold_impressions": "200", "stock_target": "10", "freshness_days": "14"},
    }

    saved = client.post(add, values)
    wrong = client.post(add, values | {"w_popularity": "1.5"})

    assert b'value="0.4"' in shown.content
    assert (saved.status_code, wrong.status_code) == (302, 200)
    newest = ScoringPolicy.objects.latest("pk")
    assert (ScoringPolicy.objects.count(), newest.w_popularity, newest.explore_share) == (2, 0.6, 0.25)
    change = reverse("admin:promotions_scoringpolicy_change", args=[newest.pk])
    assert client.post(change, values).status_code == 403


def test_the_back_office_computes_and_shows_scores(client):
    client.force_login(AdministratorFactory.create())
    product = make_offer(at=AT, name="Jarra de barro")

    computed = client.get(reverse("admin:promotions_scoresversion_run_now"), follow=True)

    version = ScoresVersion.objects.get()
    assert computed.status_code == 200
    scores = client.get(reverse("admin:promotions_productscore_changelist")).content.decode()
    page = client.get(reverse("admin:promotions_scoresversion_change", args=[version.pk])).content.decode()
    assert "Jarra de barro" in scores
    assert product.category.name in page
