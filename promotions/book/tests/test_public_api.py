"""`promotions/active/` for anyone, `promotions/{id}/eligibility/` for the customer who asks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.campaigns.terms import CouponTerms
from promotions.campaigns.tests.factories import make_campaign
from promotions.discounts.tests.factories import make_discount
from promotions.facade import local_day, take_uses
from users.customers.models import CustomerProfile
from users.customers.tests.factories import SegmentFactory, make_customer

pytestmark = pytest.mark.django_db
ACTIVE = "/api/v1/promotions/active/"


def eligibility(rule) -> str:
    return f"/api/v1/promotions/{rule.pk}/eligibility/"


@pytest.fixture
def customer(api):
    """The client, signed in as a customer of the first level."""
    person = make_customer()
    api.force_authenticate(person)
    return person


def failed(api, rule, **query) -> list[str]:
    answer = api.get(eligibility(rule), query)
    assert answer.status_code == 200, answer.data
    assert answer.json()["is_eligible"] == (not answer.json()["failed_rules"])
    return [each["code"] for each in answer.json()["failed_rules"]]


def test_what_is_under_way_is_listed_and_nothing_else(api):
    now = timezone.now()
    today = local_day(now).isoweekday()
    discount = make_discount(weekdays=frozenset({today}))
    campaign = make_campaign(priority=5, description="Para todos")
    make_discount(weekdays=frozenset({today % 7 + 1}))
    make_discount(starts_at=now + timedelta(hours=1))
    make_discount(starts_at=now - timedelta(hours=2), ends_at=now - timedelta(hours=1))
    make_discount(is_active=False)
    make_campaign(state="draft")
    make_campaign(state="scheduled")
    make_campaign(state="ended")
    make_campaign("SECRETO")

    response = api.get(ACTIVE)

    assert response.status_code == 200
    rows = response.json()["results"]
    assert [(row["id"], row["kind"]) for row in rows] == [
        (str(campaign.pk), "campaign"),
        (str(discount.pk), "discount"),
    ]
    assert rows[0]["description"] == "Para todos"
    assert "SECRETO" not in response.content.decode()


def test_public_fields_of_each(api):
    segment = SegmentFactory.create()
    make_campaign(
        currency="MXN",
        min_ticket=Money(50_000, "MXN"),
        benefits_json=[{"kind": "amount", "amount": "75.00"}, {"kind": "points_multiplier", "basis_points": 20_000}],
        tiers=frozenset({"gold"}),
        segment_ids=frozenset({segment.pk}),
        max_uses=3,
    )

    [row] = api.get(ACTIVE).json()["results"]

    assert row["benefits"] == [
        {
            "kind": "amount",
            "basis_points": None,
            "amount": {"amount": "75.00", "currency": "MXN"},
            "buy": None,
            "get": None,
        },
        {"kind": "points_multiplier", "basis_points": 20_000, "amount": None, "buy": None, "get": None},
    ]
    assert row["min_ticket"] == {"amount": "500.00", "currency": "MXN"}
    assert (row["tiers"], row["segments"], row["is_limited"]) == (["gold"], [str(segment.pk)], True)
    assert (row["is_about_orders"], row["categories"], row["weekdays"]) == (True, [], [])


def test_the_list_costs_a_few_queries_whatever_the_number(api, django_assert_num_queries):
    for _ in range(5):
        make_discount()
        make_campaign()
    api.get(ACTIVE)

    with django_assert_num_queries(2):  # the version, the descriptions
        assert len(api.get(ACTIVE, {"page_size": 4}).json()["results"]) == 4


def test_a_customer_is_told_every_reason(api, customer):
    segment = SegmentFactory.create()
    campaign = make_campaign(
        "HOT",
        state="scheduled",
        tiers=frozenset({"gold"}),
        segment_ids=frozenset({segment.pk}),
        currency="MXN",
        min_ticket=Money(50_000, "MXN"),
    )

    answer = api.get(eligibility(campaign), {"ticket": "380.00"}, headers={"Accept-Language": "en"}).json()

    assert (answer["promotion"], answer["kind"], answer["is_eligible"]) == (str(campaign.pk), "campaign", False)
    assert [each["code"] for each in answer["failed_rules"]] == [
        *("not_started", "tier", "segment", "min_ticket", "coupon_needed")
    ]
    assert answer["failed_rules"][3] == {
        "code": "min_ticket",
        "detail": "Buy for 120.00 MXN more to get this promotion.",
        "params": {"missing": "120.00 MXN"},
    }


def test_reasons_come_in_spanish(api, customer):
    campaign = make_campaign(tiers=frozenset({"gold"}))

    answer = api.get(eligibility(campaign), headers={"Accept-Language": "es"}).json()

    assert answer["failed_rules"][0]["detail"] == "Esta promoción es para clientes de otro nivel."


def test_whose_it_is_is_told_so(api, customer):
    segment = SegmentFactory.create()
    CustomerProfile.objects.filter(user=customer).update(tier="gold")
    CustomerProfile.objects.get(user=customer).segments.add(segment)
    discount = make_discount(tier="gold")
    campaign = make_campaign("HOT", segment_ids=frozenset({segment.pk}), currency="MXN", min_ticket=Money(100, "MXN"))

    assert failed(api, discount) == []
    assert failed(api, campaign, ticket="1.00", coupon=" hot ") == []
    assert failed(api, campaign, coupon="HOT") == []
    assert failed(api, campaign, coupon="COLD") == ["coupon_needed"]
    assert failed(api, campaign, ticket="1.00", currency="USD", coupon="hot") == ["currency"]


def test_uses_count(api, customer):
    campaign = make_campaign(max_uses=2, max_uses_per_customer=1)
    take_uses(order_id=uuid7(), customer_id=customer.pk, rule_ids=[campaign.pk])
    assert failed(api, campaign) == ["used_up_by_customer"]
    take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk])
    assert failed(api, campaign) == ["used_up", "used_up_by_customer"]


def test_a_spent_coupon_opens_nothing(api, customer):
    campaign = make_campaign(needs_coupon=True, coupons=(CouponTerms("ONE", 1),))
    take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk], coupon_codes=["ONE"])

    assert failed(api, campaign, coupon="ONE") == ["coupon_needed"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"ticket": "-5.00"}, "ticket"),
        ({"ticket": "1e3"}, "ticket"),
        ({"ticket": "5.001"}, "ticket"),
        ({"ticket": "9" * 30}, "ticket"),
        ({"ticket": "5.00", "currency": "XXX"}, "currency"),
        ({"coupon": "x" * 41}, "coupon"),
        ({"coupon": "a\x00b"}, "coupon"),
    ],
)
def test_bad_questions_are_refused(api, customer, query, field):
    answer = api.get(eligibility(make_campaign()), query)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]


def test_what_is_not_switched_on_does_not_exist(api, customer):
    for rule in (make_campaign(state="draft"), make_campaign(state="ended"), make_discount(is_active=False)):
        assert api.get(eligibility(rule)).status_code == 404
    assert api.get(f"/api/v1/promotions/{uuid7()}/eligibility/").status_code == 404


def test_nobody_signed_in_is_asked_to(api):
    assert api.get(eligibility(make_campaign())).status_code == 401


def test_flash_promotions_keep_their_routes(api):
    assert api.get("/api/v1/promotions/flash-promos/running/").status_code == 200
    assert api.get("/api/v1/promotions/flash-promos/eligibility/").status_code == 404
