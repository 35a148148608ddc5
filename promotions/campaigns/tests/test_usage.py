"""Uses: counted once per order, in total, per customer and per coupon; given back whole."""

from typing import Any, cast

import pytest
from django.db import transaction

from marketplace.core.ids import uuid7
from marketplace.core.locking import LockOrderError, LockRank, lock
from promotions.campaigns.errors import CampaignUsedUpError
from promotions.campaigns.models import Campaign, CampaignUse, Coupon, UsageCounter
from promotions.campaigns.selectors import rule_limits, with_uses
from promotions.campaigns.services import planning
from promotions.campaigns.terms import CouponTerms
from promotions.contracts import RuleLimit
from promotions.discounts.tests.factories import make_discount
from promotions.facade import give_uses_back, take_uses
from stores.catalog.tests.factories import VariantFactory
from stores.inventory.tests.factories import stocked
from stores.models import StockItem

from .factories import make_campaign

pytestmark = pytest.mark.django_db
ANA, BEA = uuid7(), uuid7()


def take(*campaigns, customer=ANA, order=None, codes=()):
    order = order or uuid7()
    take_uses(order_id=order, customer_id=customer, rule_ids=[each.pk for each in campaigns], coupon_codes=codes)
    return order


def left(campaign, customer=ANA):
    return rule_limits([campaign.pk], customer).get(campaign.pk)


def written() -> list[object]:
    """Everything a use writes."""
    return [
        *CampaignUse.objects.order_by("pk").values_list("pk", "is_taken", "is_counted", "coupon_id"),
        *UsageCounter.objects.order_by("pk").values_list("pk", "used"),
        *Coupon.objects.order_by("pk").values_list("pk", "used_count"),
    ]


def test_a_use_counts_for_everybody_and_for_the_customer():
    campaign = make_campaign(max_uses=10, max_uses_per_customer=2)

    take(campaign)

    assert left(campaign, ANA) == RuleLimit(9, 1)
    assert left(campaign, BEA) == RuleLimit(9, 2)
    assert left(campaign, None) == RuleLimit(9, None)
    assert [row.uses_count for row in cast(Any, with_uses(Campaign.objects.all()))] == [1]


def test_limits_of_many_cost_one_query(django_assert_num_queries):
    limits = (1, 2, 3)
    campaigns = [make_campaign(max_uses=number) for number in limits]
    unlimited, discount = make_campaign(), make_discount()
    take(*campaigns)

    with django_assert_num_queries(1):
        found = rule_limits([each.pk for each in (*campaigns, unlimited, discount)], ANA)

    assert found == {each.pk: RuleLimit(most - 1, None) for each, most in zip(campaigns, limits, strict=True)}
    with django_assert_num_queries(0):
        assert rule_limits([], ANA) == {}


def test_the_same_order_twice_counts_once():
    campaign = make_campaign(max_uses=5)
    order = take(campaign)

    take(campaign, order=order)

    assert left(campaign) == RuleLimit(4, None)
    assert CampaignUse.objects.count() == 1


@pytest.mark.parametrize(
    ("terms", "customer", "of"), [({"max_uses": 1}, BEA, "everyone"), ({"max_uses_per_customer": 1}, ANA, "customer")]
)
def test_used_up_says_which_and_for_whom_and_writes_nothing(terms, customer, of):
    first, campaign, last = make_campaign(max_uses=9), make_campaign(**terms), make_campaign(max_uses=9)
    take(campaign)
    before = written()

    with pytest.raises(CampaignUsedUpError) as refused:
        take(first, campaign, last, customer=customer)

    assert refused.value.params == {"promotion": str(campaign.pk), "name": "Hot Sale", "of": of}
    assert (refused.value.code, refused.value.kind.value) == ("promotion_used_up", 409)
    assert written() == before


def test_given_back_others_may_and_twice_is_harmless():
    campaign = make_campaign(max_uses=1, max_uses_per_customer=1)
    order = take(campaign)

    give_uses_back(order_id=order)
    give_uses_back(order_id=order)

    assert left(campaign) == RuleLimit(1, 1)
    take(campaign, customer=BEA)
    with pytest.raises(CampaignUsedUpError):
        take(campaign, order=order)


def test_an_order_that_comes_back_to_life_takes_its_use_again():
    campaign = make_campaign(max_uses=3)
    order = take(campaign)
    give_uses_back(order_id=order)

    take(campaign, order=order)

    assert left(campaign) == RuleLimit(2, None)
    assert CampaignUse.objects.get().is_taken


def test_nothing_taken_gives_nothing_back(django_assert_num_queries):
    make_campaign(max_uses=1)

    with django_assert_num_queries(3):  # a savepoint, the question, its release
        give_uses_back(order_id=uuid7())


def test_without_a_limit_a_use_is_noted_and_counters_stay_alone():
    campaign, discount = make_campaign(), make_discount()

    take(campaign, discount)

    assert [use.is_taken for use in CampaignUse.objects.all()] == [True]
    assert not UsageCounter.objects.exists()
    assert left(campaign) is None


def test_ids_that_are_no_campaigns_are_passed_over():
    take_uses(order_id=uuid7(), customer_id=ANA, rule_ids=[uuid7(), make_discount().pk])

    assert not CampaignUse.objects.exists()


def test_a_limit_that_comes_later_counts_what_was_used_before():
    campaign = make_campaign()
    orders = [take(campaign), take(campaign), take(campaign, customer=BEA)]

    planning.change_campaign(
        campaign_id=campaign.pk,
        changes={"max_uses": 10, "max_uses_per_customer": 2},
        actor_id=None,
        at=campaign.starts_at,
    )

    assert (left(campaign, ANA), left(campaign, BEA)) == (RuleLimit(7, 0), RuleLimit(7, 1))
    give_uses_back(order_id=orders[0])
    assert left(campaign, ANA) == RuleLimit(8, 1)


def test_a_limit_below_what_is_used_leaves_none():
    campaign = make_campaign(max_uses=5)
    for _ in range(3):
        take(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(max_uses=2)

    assert left(campaign) == RuleLimit(0, None)


def test_a_coupon_has_a_limit_of_its_own():
    campaign = make_campaign(needs_coupon=True, coupons=(CouponTerms("ONE", 1), CouponTerms("MANY")))
    order = take(campaign, codes=[" one "])
    before = written()

    with pytest.raises(CampaignUsedUpError) as refused:
        take(campaign, customer=BEA, codes=["ONE"])

    assert refused.value.params["of"] == "coupon"
    assert written() == before
    take(campaign, customer=BEA, codes=["many"])
    give_uses_back(order_id=order)
    assert dict(Coupon.objects.values_list("code", "used_count")) == {"ONE": 0, "MANY": 1}


def test_it_fits_into_the_house_order():
    """After the promotion's unit, before the shelves."""
    campaign = make_campaign(max_uses=5)
    item = stocked(VariantFactory.create(), 1)

    with transaction.atomic():
        take(campaign)
        lock(LockRank.STOCK, StockItem.objects.filter(pk=item.pk))
        with pytest.raises(LockOrderError):
            take(campaign)


def test_a_few_queries_whatever_the_number(django_assert_num_queries):
    campaigns = [make_campaign(max_uses=9, max_uses_per_customer=1) for _ in range(4)]

    with django_assert_num_queries(9):  # two of them the savepoint
        take(*campaigns)
