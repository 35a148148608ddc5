"""`loyalty/…` over HTTP: one's own, refusals, keys, budgets."""

from uuid import uuid4

import pytest
from django.utils import timezone

from promotions.loyalty.models import PointsEntry, Redemption
from promotions.loyalty.tests.factories import earn, give, make_levels, make_policy, make_reward, mxn
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/loyalty"


@pytest.fixture
def ana(api):
    make_policy()
    customer = UserFactory.create()
    api.force_authenticate(customer)
    return customer


def redeem(api, reward, key: str | None = None):
    headers = {"Idempotency-Key": key or uuid4().hex}
    return api.post(f"{URL}/redeem/", {"reward": str(reward)}, format="json", headers=headers)


def test_a_stranger_to_the_programme_begins_on_the_first_level(api, ana):
    make_levels()

    seen = api.get(f"{URL}/profile/").json()

    assert (seen["points"], seen["owed"], seen["earned_in_window"], seen["window_days"]) == (0, 0, 0, 60)
    assert (seen["level"]["key"], seen["next_level"]["key"], seen["missing"]) == ("bronze", "silver", 100)
    assert (seen["expiring"], seen["level_since"]) == ([], None)


def test_without_levels_there_is_none(api, ana):
    seen = api.get(f"{URL}/profile/").json()

    assert (seen["level"], seen["next_level"], seen["missing"]) == (None, None, None)


def test_where_one_stands(api, ana, django_assert_max_num_queries):
    make_levels()
    earn(ana.pk, 150, timezone.now())
    give(ana.pk, 20, timezone.now())

    with django_assert_max_num_queries(5):
        seen = api.get(f"{URL}/profile/").json()

    assert (seen["points"], seen["earned_in_window"], seen["missing"]) == (170, 150, 350)
    assert (seen["level"]["key"], seen["level"]["multiplier_bp"]) == ("silver", 15_000)
    assert [lot["points"] for lot in seen["expiring"]] == [150, 20]


def test_the_statement_is_ones_own_newest_first(api, ana, django_assert_max_num_queries):
    other = UserFactory.create()
    give(other.pk, 7, timezone.now())
    for points in (1, 2, 3):
        give(ana.pk, points, timezone.now())

    with django_assert_max_num_queries(2):
        first = api.get(f"{URL}/statement/?page_size=2").json()
    second = api.get(first["next"]).json()

    assert [line["points"] for line in first["results"]] == [3, 2]
    assert [(line["points"], line["balance_after"], line["kind"]) for line in second["results"]] == [(1, 1, "adjusted")]
    assert first["results"][0]["reason"] == "sorry"


def test_levels_and_rewards_say_what_is_missing(api, ana, django_assert_max_num_queries):
    _bronze, _silver, gold = make_levels()
    give(ana.pk, 100, timezone.now())
    make_reward(cost=150, level_id=gold.pk, name="Dear")
    make_reward("free_shipping", cost=30)
    make_reward(is_active=False)
    make_reward(left_count=0)

    with django_assert_max_num_queries(3):
        rewards = api.get(f"{URL}/rewards/").json()["results"]
    levels = api.get(f"{URL}/levels/").json()["results"]

    assert [(each["name"], each["missing"], each["level"]) for each in rewards] == [
        ("Sent for free", 0, None),
        ("Dear", 50, "gold"),
    ]
    assert [(each["key"], each["perks_json"]) for each in levels] == [
        ("bronze", ["A card at Christmas"]),
        ("silver", []),
        ("gold", ["A lounge"]),
    ]


def test_the_same_key_redeems_once(api, ana):
    give(ana.pk, 250, timezone.now())
    reward = make_reward()
    key = uuid4().hex

    first, again = redeem(api, reward.pk, key), redeem(api, reward.pk, key)
    other_body = redeem(api, make_reward("free_shipping").pk, key)

    assert (first.status_code, again.status_code, other_body.status_code) == (201, 201, 422)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["amount"]) == ("issued", {"amount": "50.00", "currency": "MXN"})
    assert Redemption.objects.count() == 1
    assert api.get(f"{URL}/profile/").json()["points"] == 150


def test_without_a_key_nothing_is_redeemed(api, ana):
    give(ana.pk, 250, timezone.now())

    answer = api.post(f"{URL}/redeem/", {"reward": str(make_reward().pk)}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert not Redemption.objects.exists()


def test_refusals_say_why_and_change_nothing(api, ana):
    _bronze, silver, _gold = make_levels()
    give(ana.pk, 120, timezone.now())
    lines = PointsEntry.objects.count()

    dear = redeem(api, make_reward(cost=200).pk)
    high = redeem(api, make_reward(level_id=silver.pk).pk)
    gone = redeem(api, make_reward(left_count=0).pk)
    old = redeem(api, make_reward(is_active=False).pk)
    unknown, odd = redeem(api, uuid4()), redeem(api, "x\x00")

    assert (dear.status_code, dear.json()["code"], dear.json()["missing"]) == (409, "insufficient_points", 80)
    assert (high.json()["code"], high.json()["level"]) == ("level_too_low", "Silver")
    assert (gone.json()["code"], old.json()["code"]) == ("reward_used_up", "reward_not_offered")
    assert (unknown.status_code, odd.status_code) == (404, 400)
    assert (PointsEntry.objects.count(), Redemption.objects.count()) == (lines, 0)


def test_ones_own_redemptions(api, ana, django_assert_max_num_queries):
    other = UserFactory.create()
    reward = make_reward("wallet_credit", amount=mxn(20))
    for customer in (ana, other):
        give(customer.pk, 200, timezone.now())
        api.force_authenticate(customer)
        redeem(api, reward.pk)
    api.force_authenticate(ana)
    voucher = redeem(api, make_reward().pk).json()

    with django_assert_max_num_queries(2):
        seen = api.get(f"{URL}/redemptions/").json()["results"]

    assert [(each["kind"], each["state"]) for each in seen] == [("voucher", "issued"), ("wallet_credit", "used")]
    assert seen[0] == voucher
