"""The terms of campaigns: what is kept, what is refused, what the rule book and the audit trail hear."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError, StaleError
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.campaigns.errors import CampaignStartedError, CampaignStateError, CouponTakenError
from promotions.campaigns.models import Campaign, Coupon
from promotions.campaigns.selectors import coupon_rules, price_rules
from promotions.campaigns.services import planning
from promotions.campaigns.terms import CouponTerms
from promotions.contracts import Benefit, BenefitKind
from promotions.facade import rule_book
from stores.catalog.tests.factories import CategoryFactory, ProductFactory
from stores.merchants.tests.factories import StoreFactory
from users.customers.tests.factories import SegmentFactory

from .factories import campaign_terms, make_campaign

pytestmark = pytest.mark.django_db


def change(campaign, **changes):
    return planning.change_campaign(campaign_id=campaign.pk, changes=changes, actor_id=None, at=timezone.now())


def test_it_is_a_rule_of_the_book_once_it_is_scheduled():
    segment = SegmentFactory.create()
    terms: dict[str, Any] = {
        "tiers": frozenset({"gold", "silver"}),
        "segment_ids": frozenset({segment.pk}),
        "currency": "MXN",
        "min_ticket": Money(50_000, "MXN"),
        "benefits_json": [{"kind": "amount", "amount": "75.00"}, {"kind": "free_shipping"}],
        "priority": -3,
        "is_exclusive": True,
        "max_uses": 10,
    }
    make_campaign(state="draft")

    campaign = make_campaign("HOT", state="scheduled", **terms)

    [rule] = rule_book().rules
    assert (rule.rule_id, rule.kind, rule.version) == (campaign.pk, "campaign", campaign.version)
    assert rule.benefits == (Benefit(BenefitKind.AMOUNT, minor=7_500), Benefit(BenefitKind.FREE_SHIPPING))
    assert (rule.is_about_orders, rule.currency, rule.min_ticket_minor) == (True, "MXN", 50_000)
    assert (rule.tiers, rule.segment_ids) == (frozenset({"gold", "silver"}), frozenset({segment.pk}))
    assert (rule.priority, rule.is_exclusive, rule.needs_coupon, rule.is_limited) == (-3, True, True, True)
    assert (rule.starts_at, rule.ends_at) == (campaign.starts_at, campaign.ends_at)


@pytest.mark.parametrize(
    ("scope", "make", "name"),
    [
        ("category", CategoryFactory.create, "category_ids"),
        ("product", ProductFactory.create, "product_ids"),
        ("store", StoreFactory.create, "store_ids"),
    ],
)
def test_a_scope_has_its_targets_and_without_the_last_the_rule_is_gone(scope, make, name):
    target = make()
    targets: dict[str, Any] = {name: frozenset({target.pk})}

    campaign = make_campaign(scope=scope, **targets)

    [rule] = price_rules()
    assert getattr(rule, name) == {target.pk}
    assert not rule.is_about_orders
    getattr(campaign, {"category": "categories"}.get(scope, f"{scope}s")).clear()
    assert price_rules() == []


def test_without_its_last_segment_it_is_for_nobody():
    segment = SegmentFactory.create()
    make_campaign(segment_ids=frozenset({segment.pk}))

    segment.delete()

    assert price_rules() == []


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"name": " "}, "name"),
        ({"benefits_json": []}, "benefits_json"),
        ({"benefits_json": [{"kind": "fixed_price", "price": "5.00"}], "currency": "MXN"}, "benefits_json"),
        ({"benefits_json": [{"kind": "amount", "amount": "5.00"}]}, "currency"),
        ({"currency": "XXX"}, "currency"),
        ({"min_ticket": Money(500, "MXN")}, "min_ticket"),
        ({"min_ticket": Money(-500, "MXN"), "currency": "MXN"}, "min_ticket"),
        ({"ends_at": timezone.now() - timedelta(days=9)}, "ends_at"),
        ({"scope": "galaxy"}, "scope"),
        ({"scope": "category"}, "categories"),
        ({"scope": "product"}, "products"),
        ({"scope": "store"}, "stores"),
        ({"product_ids": frozenset({uuid7()})}, "products"),
        ({"scope": "store", "store_ids": frozenset({uuid7()})}, "stores"),
        ({"segment_ids": frozenset({uuid7()})}, "segments"),
        ({"tiers": frozenset({"platinum"})}, "tiers"),
        ({"priority": 2_000}, "priority"),
        ({"is_exclusive": True, "stack_group": "verano"}, "stack_group"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses_per_customer": -1}, "max_uses_per_customer"),
        ({"coupons": (CouponTerms("HOT"),)}, "needs_coupon"),
        ({"needs_coupon": True, "coupons": (CouponTerms("hot"), CouponTerms(" HOT "))}, "coupons"),
        ({"needs_coupon": True, "coupons": (CouponTerms("¡HOT!"),)}, "coupons"),
        ({"needs_coupon": True, "coupons": (CouponTerms("HOT", 0),)}, "coupons[0].max_uses"),
    ],
)
def test_bad_terms_name_the_field_and_leave_nothing_behind(terms, field):
    campaign = make_campaign(state="draft")
    book = rule_book()

    with pytest.raises(InvalidInputError) as created:
        planning.create_campaign(terms=replace(campaign_terms(), **terms), actor_id=None)
    with pytest.raises(InvalidInputError) as changed:
        change(campaign, **terms)

    assert field in {error.field for error in created.value.field_errors}
    assert field in {error.field for error in changed.value.field_errors}
    assert rule_book() is book
    assert Campaign.objects.get().version == 1
    assert AuditEntry.objects.count() == 1
    assert not Coupon.objects.exists()


def test_codes_are_unique_whatever_their_case_and_a_refusal_changes_nothing():
    make_campaign("Hot-Sale")
    other = make_campaign("OTHER", state="draft", name="Otra")

    with pytest.raises(CouponTakenError) as refused:
        change(other, coupons=(CouponTerms("hot-sale"), CouponTerms("fresh")), name="Cambiada")

    assert refused.value.params == {"coupon": "HOT-SALE"}
    other.refresh_from_db()
    assert (other.name, [coupon.code for coupon in other.coupons.all()]) == ("Otra", ["OTHER"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Coupon.objects.create(campaign=other, code="hot-sale")


def test_codes_that_stay_keep_their_count():
    campaign = make_campaign("KEEP", "DROP")
    Coupon.objects.filter(code="KEEP").update(used_count=4)

    change(campaign, coupons=(CouponTerms("new"), CouponTerms("keep", 9)))

    rows = campaign.coupons.order_by("code").values_list("code", "max_uses", "used_count")
    assert list(rows) == [("KEEP", 9, 4), ("NEW", None, 0)]


def test_a_change_is_audited_by_value_and_reaches_the_book():
    campaign = make_campaign()
    version = rule_book().version

    change(campaign, name="Buen Fin", tiers=frozenset({"gold"}))

    entry = AuditEntry.objects.order_by("-pk")[0]
    assert entry.action == "promotions.change_campaign"
    assert (entry.before, entry.after) == ({"name": "Hot Sale", "tiers": []}, {"name": "Buen Fin", "tiers": ["gold"]})
    assert rule_book().version == version + 1
    assert rule_book().rules[0].name == "Buen Fin"


def test_a_change_of_nothing_is_none():
    campaign = make_campaign("A1B", "C2D")
    book = rule_book()

    change(campaign, coupons=(CouponTerms("c2d"), CouponTerms("a1b ")), name="Hot Sale")

    assert rule_book() is book


@pytest.mark.parametrize("changes", [{"scope": "product"}, {"starts_at": timezone.now() + timedelta(hours=2)}])
def test_once_it_has_started_start_and_scope_stay(changes):
    campaign = make_campaign()

    with pytest.raises(CampaignStartedError) as refused:
        change(campaign, **changes)

    assert refused.value.params == {"fields": list(changes)}
    before = (campaign.scope, campaign.starts_at, campaign.version)
    campaign.refresh_from_db()
    assert (campaign.scope, campaign.starts_at, campaign.version) == before


def test_the_end_of_one_that_is_switched_on_lies_ahead():
    campaign = make_campaign()

    with pytest.raises(InvalidInputError) as refused:
        change(campaign, ends_at=timezone.now() - timedelta(minutes=1))

    assert [error.field for error in refused.value.field_errors] == ["ends_at"]


def test_what_has_ended_stays_as_it_was():
    campaign = make_campaign(state="ended")

    with pytest.raises(CampaignStateError):
        change(campaign, name="Otra vez")


def test_moving_the_start_of_a_scheduled_one_to_the_past_starts_it():
    campaign = make_campaign(state="scheduled")

    assert change(campaign, starts_at=timezone.now() - timedelta(minutes=1)).state == "active"


@pytest.mark.parametrize("state", ["scheduled", "active", "ended"])
def test_only_a_draft_can_be_removed(state):
    campaign = make_campaign(state=state)

    with pytest.raises(CampaignStateError):
        planning.delete_campaign(campaign_id=campaign.pk, actor_id=None)

    assert Campaign.objects.filter(pk=campaign.pk).exists()


def test_removing_a_draft_takes_its_coupons_along():
    campaign = make_campaign("HOT", state="draft")

    planning.delete_campaign(campaign_id=campaign.pk, actor_id=None, expected_version=1)

    assert not Campaign.objects.exists()
    assert not Coupon.objects.exists()
    assert AuditEntry.objects.order_by("-pk")[0].action == "promotions.delete_campaign"


def test_a_stale_version_is_refused():
    campaign = make_campaign(state="draft")

    with pytest.raises(StaleError):
        planning.change_campaign(
            campaign_id=campaign.pk, changes={"name": "X"}, actor_id=None, at=timezone.now(), expected_version=7
        )
    with pytest.raises(StaleError):
        planning.delete_campaign(campaign_id=campaign.pk, actor_id=None, expected_version=7)


def test_codes_open_their_campaign_however_they_are_written(django_assert_num_queries):
    hot, soon = make_campaign("HOT"), make_campaign("SOON", state="scheduled")
    make_campaign("DRAFT", state="draft")
    make_campaign("OVER", state="ended")
    spent = make_campaign("SPENT", needs_coupon=True, coupons=(CouponTerms("SPENT", 1),))
    spent.coupons.update(used_count=1)
    asked = [" hot", "HOT", "Soon", "DRAFT", "OVER", "SPENT", "nothing", "", "\x00", "ß"]

    with django_assert_num_queries(1):
        found = coupon_rules(asked, timezone.now())

    assert found == {" hot": hot.pk, "HOT": hot.pk, "Soon": soon.pk}
    with django_assert_num_queries(0):
        assert coupon_rules([], timezone.now()) == {}
    assert coupon_rules(["HOT"], timezone.now() + timedelta(days=2)) == {}


@pytest.mark.parametrize(
    "columns",
    [
        {"state": "ended"},
        {"state": "draft"},
        {"state": "limbo"},
        {"started_at": None},
        {"ended_at": timezone.now()},
        {"scope": "galaxy"},
        {"min_ticket_minor": 5},
        {"min_ticket_minor": -5, "currency": "MXN"},
        {"max_uses": 0},
        {"max_uses_per_customer": 0},
        {"priority": 5_000},
        {"is_exclusive": True, "stack_group": "verano"},
        {"ends_at": timezone.now() - timedelta(days=3)},
    ],
)
def test_the_table_refuses_what_a_service_would(columns):
    campaign = make_campaign()

    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(**columns)
