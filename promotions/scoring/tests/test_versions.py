"""Versions: only whole ones are seen, old ones go; what selections are made of."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.outbox.models import OutboxEvent
from promotions.engagement.models import EngagementPolicy
from promotions.engagement.selectors import policy_in_force
from promotions.scoring import selectors, services, statements
from promotions.scoring.errors import NoScoresError
from promotions.scoring.models import CategoryLevel, ProductScore, ScoresVersion, ScoringPolicy
from promotions.scoring.tasks import compute_scores
from stores.catalog.tests.factories import CategoryFactory

from .factories import make_offer, scores_at

pytestmark = pytest.mark.django_db
AT = timezone.now()


def test_a_version_is_published_once_it_is_whole():
    make_offer(at=AT)

    version = services.compute_scores(at=AT)

    assert selectors.current_version() == version
    assert (version.products_count, version.started_at) == (1, AT)
    [event] = OutboxEvent.objects.filter(wire_name="promotions.scores_published")
    assert event.payload["version"] == version.pk


def test_a_half_written_version_serves_nobody():
    whole = services.compute_scores(at=AT)
    half = ScoresVersion.objects.create(policy={}, started_at=AT)

    assert selectors.current_version() == whole
    with pytest.raises(NoScoresError):
        selectors.complete_version(half.pk)


def test_a_computation_that_fails_leaves_nothing(monkeypatch):
    make_offer(at=AT)
    whole = services.compute_scores(at=AT)
    monkeypatch.setattr(statements, "_SCORES", "INSERT INTO {score} SELECT nothing FROM {base}")

    with pytest.raises(Exception, match="nothing"):
        services.compute_scores(at=AT + timedelta(hours=1))

    assert [*ScoresVersion.objects.all()] == [whole]
    assert CategoryLevel.objects.count() == 2
    assert OutboxEvent.objects.filter(wire_name="promotions.scores_published").count() == 1
    monkeypatch.undo()
    assert services.compute_scores(at=AT + timedelta(hours=1)).products_count == 1


def test_before_the_first_version_there_is_none():
    assert selectors.current_version() is None
    with pytest.raises(NoScoresError):
        selectors.complete_version(None)


def test_old_versions_go_with_their_scores_and_what_was_left_half_written_before_them():
    make_offer(at=AT)
    old = services.compute_scores(at=AT)
    half = ScoresVersion.objects.create(policy={}, started_at=AT)
    kept = [services.compute_scores(at=AT) for _ in range(2)]
    being_written = ScoresVersion.objects.create(policy={}, started_at=AT)

    assert services.forget_old_scores(keep=2) == 2

    assert {*ScoresVersion.objects.all()} == {*kept, being_written}
    assert {*ProductScore.objects.values_list("version", flat=True)} == {version.pk for version in kept}
    assert not CategoryLevel.objects.filter(version__in=[old.pk, half.pk])
    assert services.forget_old_scores(keep=2) == 0


def test_the_hourly_job_computes_and_tidies():
    for _ in range(services.KEPT_VERSIONS + 1):
        ScoresVersion.objects.create(policy={}, started_at=AT, completed_at=AT)

    compute_scores()

    assert ScoresVersion.objects.count() == services.KEPT_VERSIONS


def test_without_a_policy_the_defaults_are_in_force():
    policy = selectors.policy()

    assert policy._state.adding
    assert (policy.w_popularity, policy.explore_share) == (0.7, 0.3)
    assert policy_in_force().half_life_hours == 168.0


def test_the_newest_policies_are_in_force():
    EngagementPolicy.objects.create(half_life_hours=24.0)
    ScoringPolicy.objects.create(w_popularity=0.1)

    newest = services.set_policy(values={"explore_share": 0.5}, actor_id=None, reason="pick")

    assert selectors.policy() == newest
    assert (newest.w_popularity, newest.explore_share) == (0.1, 0.5)
    assert policy_in_force().half_life_hours == 24.0
    entry = AuditEntry.objects.get(action="promotions.set_scoring_policy")
    assert (entry.before, entry.after, entry.reason) == ({"explore_share": 0.3}, {"explore_share": 0.5}, "pick")


def test_candidates_are_the_best_then_the_coldest_that_are_left(django_assert_num_queries):
    category = CategoryFactory.create()
    best = [make_offer(at=AT, category=category, weight=weight, impressions=9_000) for weight in (90.0, 50.0)]
    cold = [make_offer(at=AT, category=category, impressions=impressions) for impressions in (5.0, 50.0)]
    make_offer(at=AT, category=category, weight=99.0, on_hand=0)
    version = services.compute_scores(at=AT)

    with django_assert_num_queries(2):
        found = selectors.candidates(version.pk, exposure=2, cold=1)

    assert [row.product_id for row in found] == [best[0].pk, best[1].pk, cold[0].pk]
    assert len(selectors.candidates(version.pk)) == 4


def test_candidates_of_a_category_are_those_of_its_tree():
    root = CategoryFactory.create()
    leaf = CategoryFactory.create(parent=root)
    below, elsewhere = make_offer(at=AT, category=leaf), make_offer(at=AT)
    version = services.compute_scores(at=AT)

    found = selectors.candidates(version.pk, category_ids=selectors.subtree(root.pk))

    assert [row.product_id for row in found] == [below.pk]
    assert {*selectors.scores_of(version.pk, [below.pk, elsewhere.pk, root.pk])} == {below.pk, elsewhere.pk}
    assert {level.category_id for level in selectors.levels_of(version.pk, [leaf.pk, root.pk])} == {leaf.pk, None}
    assert selectors.subtree(below.pk) == []


def test_equal_scores_go_by_the_leaderboard_then_by_the_id():
    products = [make_offer(at=AT) for _ in range(3)]
    scores = scores_at(AT)
    ProductScore.objects.filter(product_id=products[2].pk).update(log_key=5.0, exposure=scores[products[0].pk].exposure)

    found = selectors.candidates(scores[products[0].pk].version_id)

    assert [row.product_id for row in found] == [products[2].pk, *sorted([products[0].pk, products[1].pk])]
