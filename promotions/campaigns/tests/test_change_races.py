"""A campaign's terms change while an order gives its use back: both lock uses, then counters, then coupons."""

from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.core.locking import is_lock_timeout
from marketplace.core.tests.standoff import Standoff
from promotions.campaigns.models import Campaign, CampaignUse, UsageCounter
from promotions.campaigns.services import planning, usage
from promotions.campaigns.terms import CouponTerms

from .factories import make_campaign

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def used() -> tuple[Campaign, Any]:
    """A campaign without a limit, and an order that has used it by its coupon."""
    campaign, order = make_campaign("ONCE"), uuid7()
    usage.take_uses(order_id=order, customer_id=uuid7(), rule_ids=[campaign.pk], coupon_codes=["ONCE"])
    assert campaign.coupons.get().used_count == 1
    return campaign, order


def limit(campaign: Campaign) -> Campaign:
    """From here on its uses are counted, and those of its coupon are limited too."""
    return planning.change_campaign(
        campaign_id=campaign.pk,
        changes={"max_uses": 5, "coupons": (CouponTerms("ONCE", 3),)},
        actor_id=None,
        at=timezone.now(),
    )


def is_limited_and_unused(campaign: Campaign) -> None:
    campaign.refresh_from_db()
    coupon = campaign.coupons.get()
    assert (campaign.max_uses, coupon.max_uses, coupon.used_count) == (5, 3, 0)
    assert not CampaignUse.objects.filter(is_taken=True).exists()
    assert set(UsageCounter.objects.values_list("used", flat=True)) == {0}


def test_a_change_waits_for_the_order_that_gives_its_use_back(used, monkeypatch):
    campaign, order = used
    standoff = Standoff(monkeypatch, usage, "lock")  # the order's uses are locked, coupons are not yet

    answers = standoff.run(lambda: usage.give_uses_back(order_id=order), lambda: limit(campaign))

    assert answers == (None, campaign)
    is_limited_and_unused(campaign)


def test_an_order_that_gives_its_use_back_waits_for_the_change(used, monkeypatch):
    campaign, order = used
    standoff = Standoff(monkeypatch, planning, "count_uses_anew")

    answers = standoff.run(lambda: limit(campaign), lambda: usage.give_uses_back(order_id=order))

    assert answers == (campaign, None)
    is_limited_and_unused(campaign)


def test_with_coupons_before_uses_one_of_the_two_is_ended_by_the_database(used, monkeypatch):
    """The control: turned round, each holds what the other needs."""
    campaign, order = used
    count, set_coupons = usage.count_uses_anew, planning._set_coupons
    monkeypatch.setattr(planning, "count_uses_anew", lambda _campaign: None)
    monkeypatch.setattr(planning, "_set_coupons", lambda changed, terms: (set_coupons(changed, terms), count(changed)))
    standoff = Standoff(monkeypatch, usage, "lock")

    answers = standoff.run(lambda: usage.give_uses_back(order_id=order), lambda: limit(campaign))

    ended = [answer for answer in answers if isinstance(answer, BaseException)]
    assert len(ended) == 1
    assert is_lock_timeout(ended[0])
