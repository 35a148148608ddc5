"""The campaign editor: the same services, errors at their fields, steps by state, coupons beside."""

import html
import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.campaigns.models import Campaign, Coupon
from promotions.campaigns.services.usage import take_uses
from stores.catalog.tests.factories import CategoryFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.customers.tests.factories import SegmentFactory

from .factories import make_campaign

pytestmark = pytest.mark.django_db

LIST = "admin:promotions_campaign_changelist"
ADD = "admin:promotions_campaign_add"


@pytest.fixture
def boss():
    """A signed-in administrator."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(AdministratorFactory.create())
    return client


def change_url(campaign) -> str:
    return reverse("admin:promotions_campaign_change", args=[campaign.pk])


def posted(*codes, **changes):
    begins = timezone.localtime(timezone=ZoneInfo(settings.PLATFORM_TIME_ZONE)) - timedelta(minutes=1)
    ends = begins + timedelta(days=3)
    coupons = {f"coupons-{place}-code": code for place, code in enumerate(codes)}
    return {
        "name": "Hot Sale",
        "description": "Todo más barato",
        "starts_at_0": f"{begins:%Y-%m-%d}",
        "starts_at_1": f"{begins:%H:%M:%S}",
        "ends_at_0": f"{ends:%Y-%m-%d}",
        "ends_at_1": f"{ends:%H:%M:%S}",
        "scope": "order",
        "categories": [],
        "products": [],
        "stores": [],
        "segments": [],
        "tiers": ["gold"],
        "currency": "MXN",
        "min_ticket": "500.00",
        "benefits_json": '[{"kind": "percentage", "basis_points": 1500}]',
        "priority": "0",
        "stack_group": "",
        "max_uses": "",
        "max_uses_per_customer": "1",
        "coupons-TOTAL_FORMS": str(len(codes)),
        "coupons-INITIAL_FORMS": "0",
        "uses-TOTAL_FORMS": "0",
        "uses-INITIAL_FORMS": "0",
        **coupons,
    } | changes


def errors_of(response) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


def test_adding_goes_through_the_services_coupons_too(boss):
    segment = SegmentFactory.create()

    response = boss.post(
        reverse(ADD),
        posted("hot", "vip-1", needs_coupon="on", segments=[str(segment.pk)], **{"coupons-0-max_uses": "9"}),
    )

    assert response.status_code == 302, errors_of(response)
    campaign = Campaign.objects.get()
    assert (campaign.state, campaign.tiers, campaign.min_ticket) == ("draft", ["gold"], Money(50_000, "MXN"))
    assert (campaign.max_uses, campaign.max_uses_per_customer, campaign.needs_coupon) == (None, 1, True)
    assert list(campaign.segments.all()) == [segment]
    assert list(campaign.coupons.order_by("code").values_list("code", "max_uses")) == [("HOT", 9), ("VIP-1", None)]


def test_editing_shows_what_is_there_and_keeps_the_count_of_coupons(boss):
    campaign = make_campaign("HOT", currency="MXN", min_ticket=Money(10_050, "MXN"), tiers=frozenset({"gold"}))
    coupon = campaign.coupons.get()
    Coupon.objects.update(used_count=4)
    form = boss.get(change_url(campaign)).context["adminform"].form

    response = boss.post(
        change_url(campaign),
        posted(
            "HOT",
            "NEW",
            needs_coupon="on",
            name="Buen Fin",
            expected_version=str(campaign.version),
            starts_at_0=f"{timezone.localtime(campaign.starts_at, ZoneInfo(settings.PLATFORM_TIME_ZONE)):%Y-%m-%d}",
            starts_at_1=f"{timezone.localtime(campaign.starts_at, ZoneInfo(settings.PLATFORM_TIME_ZONE)):%H:%M:%S.%f}",
            **{
                "coupons-INITIAL_FORMS": "1",
                "coupons-0-id": str(coupon.pk),
                "coupons-0-campaign": str(campaign.pk),
                "coupons-1-campaign": str(campaign.pk),
            },
        ),
    )

    assert (str(form["min_ticket"].value()), form["tiers"].value()) == ("100.50", ["gold"])
    assert json.loads(form["benefits_json"].value()) == campaign.benefits_json
    assert response.status_code == 302, errors_of(response)
    campaign.refresh_from_db()
    assert (campaign.name, campaign.min_ticket) == ("Buen Fin", Money(50_000, "MXN"))
    assert list(campaign.coupons.order_by("code").values_list("code", "used_count")) == [("HOT", 4), ("NEW", 0)]


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"benefits_json": "percentage"}, "benefits_json", "valid JSON"),
        ({"benefits_json": '{"kind": "gift"}'}, "benefits_json", "wrong type"),
        ({"benefits_json": '[{"kind": "gift"}]'}, "benefits_json", "[0].kind: There is no such kind of benefit."),
        (
            {"benefits_json": '[{"kind": "percentage", "basis_points": 10001}]'},
            "benefits_json",
            "[0].basis_points: This number is too large.",
        ),
        (
            {"benefits_json": '[{"kind": "free_shipping"}, {"kind": "amount", "amount": "0.00"}]'},
            "benefits_json",
            "[1].amount: The amount must be more than zero.",
        ),
        ({"benefits_json": '[{"kind": "fixed_price", "price": "5.00"}]'}, "benefits_json", "no fixed price"),
        ({"currency": ""}, "currency", "currency"),
        ({"min_ticket": "5.001"}, "min_ticket", "decimals"),
        ({"scope": "category"}, "categories", "what the campaign is about"),
        ({"is_exclusive": "on", "stack_group": "verano"}, "__all__", "no group"),
        ({"stack_group": "ÑANDÚ"}, "stack_group", "small letters"),
        ({"max_uses": "0"}, "max_uses", "1"),
    ],
)
def test_a_wrong_field_is_marked_and_nothing_is_made(boss, changes, field, text):
    response = boss.post(reverse(ADD), posted(**changes))

    assert response.status_code == 200
    assert text in " ".join(errors_of(response).get(field, [])), errors_of(response)
    assert not Campaign.objects.exists()


def test_coupons_without_the_need_of_one_are_refused_and_nothing_is_made(boss):
    response = boss.post(reverse(ADD), posted("HOT"))

    assert response.status_code == 200
    assert "needs_coupon" in errors_of(response)
    assert not Campaign.objects.exists()
    assert not Coupon.objects.exists()


def test_targets_of_the_scope_are_kept(boss):
    category = CategoryFactory.create()

    response = boss.post(reverse(ADD), posted(scope="category", categories=[str(category.pk)]))

    assert response.status_code == 302, errors_of(response)
    assert list(Campaign.objects.get().categories.all()) == [category]


def test_of_two_who_edit_the_second_is_told(boss):
    campaign = make_campaign(state="draft")

    response = boss.post(change_url(campaign), posted(name="Tarde", expected_version="9"))

    assert response.status_code == 200
    assert "changed by somebody else" in html.unescape(response.content.decode())
    assert Campaign.objects.get().name == "Hot Sale"


def test_steps_are_offered_by_state_and_taken_in_a_dialog(boss):
    campaign = make_campaign(state="draft")
    activate, deactivate = (
        reverse(f"admin:promotions_campaign_{name}", args=[campaign.pk]) for name in ("activate", "deactivate")
    )
    draft = boss.get(change_url(campaign)).content.decode()

    boss.post(activate, {"_form_submitted": "on"})
    states = [Campaign.objects.get().state]
    active = boss.get(change_url(campaign)).content.decode()
    boss.post(deactivate, {"_form_submitted": "on"})
    states.append(Campaign.objects.get().state)
    ended = boss.get(change_url(campaign)).content.decode()

    assert states == ["active", "ended"]
    assert (activate in draft, deactivate in draft) == (True, False)
    assert (activate in active, deactivate in active) == (False, True)
    assert (activate in ended, deactivate in ended) == (False, False)


def test_list_actions_take_the_steps_and_show_refusals(boss):
    draft, ended = make_campaign(state="draft"), make_campaign(state="ended", name="Pasada")
    chosen = {"_selected_action": [str(draft.pk), str(ended.pk)]}

    page = boss.post(reverse(LIST), {"action": "switch_on", **chosen}, follow=True).content.decode()

    draft.refresh_from_db()
    assert draft.state == "active"
    assert "Pasada: " in html.unescape(page)


def test_what_has_ended_is_to_be_looked_at(boss):
    campaign = make_campaign("HOT", state="ended", currency="MXN", min_ticket=Money(50_000, "MXN"))

    page = boss.get(change_url(campaign))

    assert page.status_code == 200
    assert not page.context["has_change_permission"]
    assert "500.00 MXN" in page.content.decode()
    assert boss.post(change_url(campaign), posted(name="X")).status_code == 403


def test_removing_is_for_drafts(boss):
    draft, active = make_campaign("HOT", state="draft"), make_campaign()

    for campaign in (draft, active):
        boss.post(reverse("admin:promotions_campaign_delete", args=[campaign.pk]), {"post": "yes"})

    assert [campaign.pk for campaign in Campaign.objects.all()] == [active.pk]


def test_the_history_says_what_changed(boss):
    campaign = make_campaign(state="draft")
    boss.post(change_url(campaign), posted(name="Buen Fin", expected_version="1"))

    page = boss.get(reverse("admin:promotions_campaign_history", args=[campaign.pk])).content.decode()

    assert "Buen Fin" in page
    assert "Hot Sale" in page


def test_uses_are_shown_and_the_list_costs_the_same_for_many(boss, django_assert_max_num_queries):
    for number in range(6):
        campaign = make_campaign(f"CODE{number}", max_uses=9)
        take_uses(order_id=uuid7(), customer_id=uuid7(), rule_ids=[campaign.pk])
    boss.get(reverse(LIST))

    with django_assert_max_num_queries(12):
        page = boss.get(reverse(LIST)).content.decode()

    assert "1 / 9" in page
    assert boss.get(change_url(campaign)).status_code == 200


def test_people_with_djangos_permission_see_and_change_what_it_says():
    person = StaffFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename="view_campaign"))
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(person)
    campaign = make_campaign(tiers=frozenset({"gold"}))

    assert client.get(reverse(LIST)).status_code == 200
    assert "Gold" in client.get(change_url(campaign)).content.decode()
    assert client.post(change_url(campaign), posted(name="X")).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
