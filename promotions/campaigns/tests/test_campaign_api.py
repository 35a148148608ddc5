"""`admin/promotions/` over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from jsonschema import Draft202012Validator

from marketplace.core.access import KEYS
from marketplace.core.ids import uuid7
from promotions.campaigns.models import Campaign
from promotions.facade import rule_book
from stores.catalog.tests.factories import CategoryFactory
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import make_campaign

pytestmark = pytest.mark.django_db
URL = "/api/v1/admin/promotions/"


def url(campaign, step: str = "") -> str:
    return f"{URL}{campaign.pk}/{step}"


@pytest.fixture
def boss(api):
    """The client, signed in as an administrator."""
    api.force_authenticate(AdministratorFactory.create())
    return api


def body(**changes) -> dict[str, Any]:
    now = timezone.now()
    return {
        "name": "Hot Sale",
        "starts_at": (now - timedelta(minutes=1)).isoformat(),
        "ends_at": (now + timedelta(days=7)).isoformat(),
        "tiers": ["silver", "gold"],
        "min_ticket": {"amount": "500.00", "currency": "MXN"},
        "benefits_json": [{"kind": "percentage", "basis_points": 1_500}, {"kind": "free_shipping"}],
        "needs_coupon": True,
        "max_uses_per_customer": 1,
        "coupons": [{"code": "hotsale", "max_uses": 1_000}, {"code": "VIP"}],
    } | changes


def test_a_campaign_is_made_as_a_draft_and_activated(boss):
    created = boss.post(URL, body(), format="json")

    assert created.status_code == 201, created.data
    assert created["ETag"] == '"1"'
    data = created.json()
    assert (data["state"], data["scope"], data["currency"]) == ("draft", "order", "MXN")
    assert (data["tiers"], data["min_ticket"]) == (["gold", "silver"], {"amount": "500.00", "currency": "MXN"})
    assert sorted(data["coupons"], key=lambda coupon: coupon["code"]) == [
        {"code": "HOTSALE", "max_uses": 1_000, "used_count": 0},
        {"code": "VIP", "max_uses": None, "used_count": 0},
    ]
    assert rule_book().rules == ()
    activated = boss.post(f"{URL}{data['id']}/activate/")
    assert (activated.status_code, activated.json()["state"]) == (200, "active")
    assert len(rule_book().rules) == 1
    ended = boss.post(f"{URL}{data['id']}/deactivate/")
    assert (ended.status_code, ended.json()["state"]) == (200, "ended")
    assert boss.post(f"{URL}{data['id']}/activate/").json()["code"] == "campaign_state"


def test_one_that_begins_later_is_scheduled_and_taken_back(boss):
    campaign = make_campaign(state="draft", starts_at=timezone.now() + timedelta(hours=1))

    states = [boss.post(url(campaign, step)).json()["state"] for step in ("activate/", "activate/", "deactivate/")]

    assert states == ["scheduled", "scheduled", "draft"]


def test_a_change_compares_versions(boss):
    campaign = make_campaign(state="draft")

    changed = boss.patch(url(campaign), {"name": "Buen Fin"}, format="json", headers={"If-Match": '"1"'})
    stale = boss.patch(url(campaign), {"name": "Navidad"}, format="json", headers={"If-Match": '"1"'})
    stale_step = boss.post(url(campaign, "activate/"), headers={"If-Match": '"1"'})

    assert (changed.status_code, changed["ETag"], changed.json()["name"]) == (200, '"2"', "Buen Fin")
    assert (stale.status_code, stale.json()["current"]["name"]) == (412, "Buen Fin")
    assert stale_step.status_code == 412
    assert Campaign.objects.get().state == "draft"


def test_lists_replace_lists(boss):
    campaign = make_campaign("OLD", state="draft")
    category = CategoryFactory.create()

    changed = boss.patch(
        url(campaign),
        {"scope": "category", "categories": [str(category.pk)], "coupons": [{"code": "new"}]},
        format="json",
    )

    assert changed.status_code == 200, changed.data
    assert (changed.json()["scope"], changed.json()["categories"]) == ("category", [str(category.pk)])
    assert [coupon["code"] for coupon in changed.json()["coupons"]] == ["NEW"]


def test_removing_is_for_drafts(boss):
    draft, active = make_campaign(state="draft"), make_campaign()

    assert boss.delete(url(draft), headers={"If-Match": '"9"'}).status_code == 412
    assert boss.delete(url(draft)).status_code == 204
    refused = boss.delete(url(active))

    assert (refused.status_code, refused.json()["code"]) == (409, "campaign_state")
    assert [campaign.pk for campaign in Campaign.objects.all()] == [active.pk]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"description": "x" * 2_001}, "description"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"scope": "galaxy"}, "scope"),
        ({"scope": "product"}, "products"),
        ({"stores": [str(uuid7())]}, "stores"),
        ({"segments": [str(uuid7())]}, "segments"),
        ({"segments": "all"}, "segments"),
        ({"tiers": ["platinum"]}, "tiers[0]"),
        ({"min_ticket": "500.00"}, "min_ticket"),
        ({"min_ticket": {"amount": "0.00", "currency": "MXN"}}, "min_ticket"),
        ({"currency": "USD"}, "min_ticket"),
        ({"currency": "XXX"}, "currency"),
        ({"benefits_json": "percentage"}, "benefits_json"),
        ({"benefits_json": None}, "benefits_json"),
        ({"benefits_json": [{"kind": "percentage", "basis_points": 20_000}]}, "benefits_json[0].basis_points"),
        ({"benefits_json": [{"kind": "fixed_price", "price": "5.00"}]}, "benefits_json"),
        ({"benefits_json": [{"kind": "amount", "amount": "5.001"}]}, "benefits_json[0].amount"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 1.5}, "max_uses"),
        ({"needs_coupon": False}, "needs_coupon"),
        ({"coupons": ["HOT"]}, "coupons[0].non_field_errors"),
        ({"coupons": [{"code": "no spaces"}]}, "coupons"),
        ({"coupons": [{"code": "A1B"}, {"code": "a1b"}]}, "coupons"),
        ({"coupons": [{"code": "A1B", "max_uses": -1}]}, "coupons[0].max_uses"),
        ({"priority": "high"}, "priority"),
    ],
)
def test_bad_input_names_the_field_and_changes_nothing(boss, changes, field):
    campaign = make_campaign(state="draft")
    book = rule_book()

    created = boss.post(URL, body(**changes), format="json")
    changed = boss.patch(url(campaign), body(**changes), format="json")

    for response in (created, changed):
        assert response.status_code == 400, response.data
        assert field in {error["field"] for error in response.json()["errors"]}, response.json()
    assert rule_book() is book
    assert Campaign.objects.get().version == 1


def test_a_taken_code_is_a_conflict(boss):
    make_campaign("HOTSALE")

    response = boss.post(URL, body(), format="json")

    assert (response.status_code, response.json()["code"], response.json()["coupon"]) == (
        409,
        "coupon_taken",
        "HOTSALE",
    )
    assert Campaign.objects.count() == 1


def test_of_one_under_way_some_things_stay(boss):
    campaign = make_campaign()

    response = boss.patch(url(campaign), {"starts_at": "2030-01-01T00:00:00Z"}, format="json")

    assert (response.status_code, response.json()["code"], response.json()["fields"]) == (
        409,
        "campaign_started",
        ["starts_at"],
    )


def test_people_with_djangos_permission_do_what_it_says(api):
    person = StaffFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_campaign", "change_campaign"]))
    api.force_authenticate(person)
    campaign = make_campaign(state="draft")

    assert api.get(url(campaign)).status_code == 200
    assert api.patch(url(campaign), {"name": "Buen Fin"}, format="json").status_code == 200
    assert api.post(url(campaign, "activate/")).status_code == 200
    assert api.post(URL, body(), format="json").status_code == 403
    assert api.delete(url(campaign)).status_code == 403


def test_no_key_of_a_department_opens_them_and_no_permission_without_being_of_the_house(api):
    clerk = DepartmentMemberFactory.create(keys=list(KEYS)).user
    outsider = UserFactory.create()
    outsider.user_permissions.set(Permission.objects.filter(codename__endswith="_campaign"))
    campaign = make_campaign()

    for person in (clerk, outsider):
        api.force_authenticate(person)
        assert api.get(URL).status_code == 403
        assert api.post(url(campaign, "deactivate/")).status_code == 403
    api.force_authenticate(None)
    assert api.get(URL).status_code == 401
    campaign.refresh_from_db()
    assert campaign.state == "active"


def test_the_list_is_filtered_and_costs_the_same_for_many(boss, django_assert_max_num_queries):
    active = make_campaign("A1B", name="Buen Fin")
    for number in range(6):
        make_campaign(f"CODE{number}", state="draft")

    with django_assert_max_num_queries(8):
        rows = boss.get(URL).json()["results"]

    assert len(rows) == 7
    assert [row["id"] for row in boss.get(URL, {"state": "active"}).json()["results"]] == [str(active.pk)]
    assert [row["id"] for row in boss.get(URL, {"search": "fin"}).json()["results"]] == [str(active.pk)]
    assert boss.get(URL, {"scope": "store"}).json()["results"] == []
    assert boss.get(URL, {"state": "limbo"}).status_code == 400


def test_the_schema_of_benefits_is_published(api):
    response = api.get(f"{URL}benefits-schema/")

    assert response.status_code == 200
    Draft202012Validator(response.json()).validate(body()["benefits_json"])


def test_a_changed_list_of_coupons_needs_its_codes(api):
    campaign = make_campaign("VERANO")
    api.force_authenticate(AdministratorFactory())

    answer = api.patch(f"/api/v1/admin/promotions/{campaign.pk}/", {"coupons": [{"max_uses": 3}]}, format="json")

    assert answer.status_code == 400
    assert [coupon.code for coupon in campaign.coupons.all()] == ["VERANO"]
