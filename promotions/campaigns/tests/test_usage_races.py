"""Many orders at once on one limited campaign: row locks on PostgreSQL, and the same race without the guard."""

import threading

import pytest
from django.db.models import Q

from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank
from promotions.campaigns.errors import CampaignUsedUpError
from promotions.campaigns.models import CampaignUse, UsageCounter
from promotions.campaigns.services import usage
from promotions.campaigns.terms import CouponTerms

from .factories import make_campaign

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS = 12
ANA = uuid7()


def outcomes(answers: list[object]) -> list[str]:
    return sorted("won" if answer is None else type(answer).__name__ for answer in answers)


def totals(campaign) -> tuple[int, int]:
    """Uses by the counter, and by the rows."""
    counter = UsageCounter.objects.get(campaign=campaign, customer_id=UsageCounter.EVERYBODY)
    return counter.used, CampaignUse.objects.filter(campaign=campaign, is_taken=True).count()


def test_no_more_uses_than_there_are(together):
    campaign = make_campaign(max_uses=5)

    def buy(_number: int) -> None:
        usage.take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk])

    answers = together(buy, BUYERS)

    assert outcomes(answers) == ["CampaignUsedUpError"] * (BUYERS - 5) + ["won"] * 5
    assert totals(campaign) == (5, 5)


def test_no_more_uses_than_a_customer_has(together):
    campaign = make_campaign(max_uses_per_customer=2)

    def buy(_number: int) -> None:
        usage.take_uses(order_id=uuid7(), customer_id=ANA, rule_ids=[campaign.pk])

    answers = together(buy, BUYERS)

    assert outcomes(answers) == ["CampaignUsedUpError"] * (BUYERS - 2) + ["won"] * 2
    assert totals(campaign) == (2, 2)


def test_without_lock_and_guard_the_same_race_gives_too_many(monkeypatch, together):
    """The harness sees too many uses when nothing guards them, so its silence above means something."""
    campaign = make_campaign(max_uses=5)
    looked = threading.Barrier(BUYERS)

    def look_without_locking(_rank: LockRank, rows):
        found = list(rows.order_by("pk"))
        if rows.model is UsageCounter:
            looked.wait(timeout=10)
        return found

    monkeypatch.setattr(usage, "lock", look_without_locking)
    monkeypatch.setattr(usage, "_has_room", lambda counter, _limit: Q(pk=counter.pk))
    # The row is there, so that nobody waits for whoever inserts it first.
    UsageCounter.objects.create(campaign=campaign, customer_id=UsageCounter.EVERYBODY)

    def buy(_number: int) -> None:
        usage.take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk])

    answers = together(buy, BUYERS)

    assert outcomes(answers) == ["won"] * BUYERS
    assert totals(campaign) == (BUYERS, BUYERS)


def test_without_the_lock_the_guard_in_the_statement_still_holds(monkeypatch, together):
    campaign = make_campaign(max_uses=5)
    UsageCounter.objects.create(campaign=campaign, customer_id=UsageCounter.EVERYBODY)
    looked = threading.Barrier(BUYERS)

    def look_without_locking(_rank: LockRank, rows):
        found = list(rows.order_by("pk"))
        if rows.model is UsageCounter:
            looked.wait(timeout=10)
        return found

    monkeypatch.setattr(usage, "lock", look_without_locking)

    def buy(_number: int) -> None:
        usage.take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk])

    answers = together(buy, BUYERS)

    assert outcomes(answers) == ["CampaignUsedUpError"] * (BUYERS - 5) + ["won"] * 5
    assert totals(campaign) == (5, 5)


def test_one_order_from_many_threads_counts_once(together):
    campaign, order = make_campaign(max_uses=5), uuid7()

    answers = together(lambda _number: usage.take_uses(order_id=order, customer_id=ANA, rule_ids=[campaign.pk]), BUYERS)

    assert outcomes(answers) == ["won"] * BUYERS
    assert totals(campaign) == (1, 1)


def test_one_order_given_back_from_many_threads_is_given_back_once(together):
    campaign, order = make_campaign(max_uses=5), uuid7()
    for each in (order, uuid7()):
        usage.take_uses(order_id=each, customer_id=ANA, rule_ids=[campaign.pk])

    answers = together(lambda _number: usage.give_uses_back(order_id=order), BUYERS)

    assert outcomes(answers) == ["won"] * BUYERS
    assert totals(campaign) == (1, 1)


def test_rules_in_any_order_do_not_deadlock_taken_and_given_back(together):
    campaigns = [make_campaign(max_uses=1_000, max_uses_per_customer=900) for _ in range(5)]
    ids = [campaign.pk for campaign in campaigns]
    customers = [uuid7() for _ in range(3)]

    def act(number: int) -> None:
        for turn in range(4):
            order = uuid7()
            mine = ids if (number + turn) % 2 else list(reversed(ids))
            usage.take_uses(order_id=order, customer_id=customers[number % 3], rule_ids=mine[turn:])
            if turn % 2:
                usage.give_uses_back(order_id=order)

    assert outcomes(together(act, BUYERS)) == ["won"] * BUYERS

    for campaign in campaigns:
        if UsageCounter.objects.filter(campaign=campaign).exists():
            counted, taken = totals(campaign)
            assert counted == taken


def test_a_coupon_is_used_as_often_as_it_says(together):
    campaign = make_campaign(needs_coupon=True, coupons=(CouponTerms("THREE", 3),))

    def buy(_number: int) -> None:
        usage.take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk], coupon_codes=["three"])

    answers = together(buy, BUYERS)

    assert outcomes(answers) == ["CampaignUsedUpError"] * (BUYERS - 3) + ["won"] * 3
    assert campaign.coupons.get().used_count == 3
    assert all(isinstance(answer, CampaignUsedUpError) for answer in answers if answer is not None)
