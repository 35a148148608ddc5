"""The programme's pages: terms by services with errors at their fields, books to look at, dialogs, the report."""

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from promotions.loyalty.models import LoyaltyLevel, LoyaltyPolicy, PointsEntry, Reward
from promotions.loyalty.services.redeeming import redeem_reward
from users.accounts.tests.factories import AdministratorFactory

from .factories import earn, give, make_customer, make_levels, make_policy, make_reward, member_of, mxn

pytestmark = pytest.mark.django_db
NAMES = ("loyaltypolicy", "loyaltylevel", "loyaltymember", "pointsentry", "reward", "redemption", "loyaltyday")


@pytest.fixture
def office(client):
    client.force_login(AdministratorFactory.create())
    return client


def page(name: str, kind: str, *args) -> str:
    return reverse(f"admin:promotions_{name}_{kind}", args=args)


def dialog(name: str, row, action: str) -> str:
    return f"{page(name, 'change', row.pk).removesuffix('change/')}{action}/"


def errors_of(response) -> dict[str, list[str]]:
    return {name: list(texts) for name, texts in response.context["adminform"].form.errors.items()}


def test_pages_open(office):
    make_policy()
    bronze, *_rest = make_levels()
    ana = make_customer()
    earn(ana, 200, timezone.now())
    voucher = redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=timezone.now())
    pages = [
        *(page(name, "changelist") for name in NAMES),
        page("loyaltymember", "change", member_of(ana).pk),
        page("loyaltylevel", "change", bronze.pk),
        page("reward", "change", voucher.reward_id),
        page("redemption", "change", voucher.pk),
        page("loyaltymember", "liability"),
        dialog("loyaltymember", member_of(ana), "adjust"),
        dialog("redemption", voucher, "withdraw"),
    ]

    for url in pages:
        assert office.get(url).status_code == 200, url


def test_a_policy_is_added(office):
    values = {"minor_per_point": "500", "point_value_minor": "5", "expire_after_days": "730", "window_days": "90"}

    refused = office.post(page("loyaltypolicy", "add"), values | {"window_days": "0"})
    answer = office.post(page("loyaltypolicy", "add"), values)

    assert list(errors_of(refused)) == ["window_days"]
    assert answer.status_code == 302
    assert LoyaltyPolicy.objects.values_list("minor_per_point", "window_days").get() == (500, 90)


def test_a_level_is_made_and_changed_with_its_perks(office):
    values = {"key": "plata", "name": "Plata", "threshold": "100", "multiplier_bp": "15000", "perks": "Uno\n\n Dos \n"}

    office.post(page("loyaltylevel", "add"), values)
    level = LoyaltyLevel.objects.get()
    url = page("loyaltylevel", "change", level.pk)
    shown = office.get(url).context["adminform"].form["perks"].value()
    office.post(url, values | {"perks": "Tres", "expected_version": "1"})
    stale = office.post(url, values | {"expected_version": "1"})
    wrong = office.post(url, values | {"multiplier_bp": "9000", "expected_version": "2"})

    level.refresh_from_db()
    assert shown == "Uno\nDos"
    assert (level.perks_json, level.version) == (["Tres"], 2)
    assert "__all__" in errors_of(stale)
    assert "multiplier_bp" in errors_of(wrong)


def test_a_reward_is_made_and_says_what_is_wrong(office):
    values = {
        "name": "Cincuenta", "kind": "voucher", "cost": "300", "amount": "50.00", "min_ticket": "", "currency": "MXN",
        "valid_days": "90", "level": "", "left_count": "", "is_active": "on",
    }  # fmt: skip

    refused = office.post(page("reward", "add"), values)
    without = office.post(page("reward", "add"), values | {"currency": ""})
    made = office.post(page("reward", "add"), values | {"min_ticket": "200.00"})

    assert list(errors_of(refused)) == ["min_ticket"]
    assert list(errors_of(without)) == ["currency"]
    assert made.status_code == 302
    reward = Reward.objects.get()
    assert (reward.amount, reward.min_ticket, reward.is_active) == (mxn(50), mxn(200), True)


def test_points_are_corrected_once_per_dialog(office):
    ana = make_customer()
    give(ana, 10, timezone.now())
    url = dialog("loyaltymember", member_of(ana), "adjust")
    filled = {"_form_submitted": "on", "idem_key": uuid4(), "points": "25", "reason": "late parcel"}

    first = office.post(url, filled)
    office.post(url, filled)
    office.post(url, filled | {"idem_key": uuid4(), "points": "-1000"})

    assert first.headers["HX-Redirect"] == page("loyaltymember", "change", member_of(ana).pk)
    assert member_of(ana).points == 35
    assert PointsEntry.objects.count() == 2


def test_a_voucher_is_taken_back(office):
    ana = make_customer()
    earn(ana, 100, timezone.now())
    voucher = redeem_reward(customer_id=ana, reward_id=make_reward().pk, at=timezone.now())

    office.post(dialog("redemption", voucher, "withdraw"), {"_form_submitted": "on", "reason": "the wrong one"})

    voucher.refresh_from_db()
    assert (voucher.state, member_of(ana).points) == ("expired", 100)


def test_the_report_says_what_is_owed(office):
    give(make_customer(), 4_230, timezone.now())
    give(make_customer(), 12, timezone.now())

    seen = office.get(page("loyaltymember", "liability"))

    assert seen.context["together"] == ("4,242", "424.20 MXN")
