"""Preferences over HTTP: the table as it stands for me, and what cannot be switched off."""

from datetime import time

import pytest

from notifications.kinds.table import KINDS
from notifications.preferences.models import Preference, QuietHours
from stores.merchants.models import StoreMember
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import StaffFactory
from users.customers.tests.factories import make_customer

pytestmark = pytest.mark.django_db
URL = "/api/v1/notifications/preferences/"


@pytest.fixture
def me(api):
    user = make_customer(profile={"language": "en", "time_zone": "America/Tijuana"})
    api.force_authenticate(user)
    return user


def choice(answer, kind, channel):
    row = next(row for row in answer.json()["kinds"] if row["kind"] == kind)
    return next(each for each in row["channels"] if each["channel"] == channel)


def test_whoever_said_nothing_sees_what_the_shop_does(api, me, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        answer = api.get(URL, headers={"Accept-Language": "es"})

    shown = answer.json()
    assert {row["kind"] for row in shown["kinds"]} == {kind.code for kind in KINDS.values() if not kind.is_for_house}
    assert shown["kinds"][0]["name"] == "Promociones relámpago cerca de ti"
    assert choice(answer, "order_paid", "email") == {
        "channel": "email",
        "is_on": True,
        "is_default": True,
        "is_required": False,
    }
    assert choice(answer, "order_paid", "inbox")["is_required"]
    assert choice(answer, "order_paid", "sms")["is_on"] is False
    assert (shown["quiet_hours"], shown["digest"]) == (None, "off")
    assert (shown["language"], shown["time_zone"]) == ("en", "America/Tijuana")


def test_my_word_counts_until_i_take_it_back(api, me):
    wishes = [
        {"kind": "order_paid", "channel": "email", "is_on": False},
        {"kind": "flash_started", "channel": "sms", "is_on": True},
    ]

    changed = api.patch(URL, {"kinds": wishes}, format="json")
    again = api.patch(URL, {"kinds": wishes}, format="json")
    back = api.patch(URL, {"kinds": [wishes[0] | {"is_on": None}]}, format="json")

    assert changed.status_code == 200
    assert choice(changed, "order_paid", "email") == {
        "channel": "email",
        "is_on": False,
        "is_default": False,
        "is_required": False,
    }
    assert again.json() == changed.json()
    assert choice(back, "order_paid", "email")["is_on"] is True
    assert list(Preference.objects.values_list("kind", "channel", "is_on")) == [("flash_started", "sms", True)]


def test_quiet_hours_and_digest_are_set_each_by_itself_and_unset(api, me):
    api.patch(URL, {"quiet_hours": {"from": "22:00", "until": "08:30"}}, format="json")
    both = api.patch(URL, {"digest": "weekly"}, format="json").json()
    none = api.patch(URL, {"quiet_hours": None}, format="json").json()

    assert both["quiet_hours"] == {"from": "22:00", "until": "08:30"}
    assert both["digest"] == none["digest"] == "weekly"
    assert none["quiet_hours"] is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kinds": [{"kind": "order_paid", "channel": "inbox", "is_on": False}]}, "notification_required"),
        ({"kinds": [{"kind": "withdrawal_refused", "channel": "email", "is_on": False}]}, "notification_required"),
        ({"kinds": [{"kind": "no_such", "channel": "email", "is_on": False}]}, "unknown_notification_kind"),
        ({"kinds": [{"kind": "payment_parked", "channel": "email", "is_on": False}]}, "unknown_notification_kind"),
        ({"kinds": [{"kind": "order_paid", "channel": "pigeon", "is_on": False}]}, "invalid"),
        ({"kinds": [{"kind": "order_paid", "channel": "email", "is_on": "no"}]}, "invalid"),
        ({"kinds": [{"kind": "order_paid", "channel": "email"}]}, "invalid"),
        ({"kinds": "order_paid"}, "invalid"),
        ({"quiet_hours": {"from": "22:00", "until": "22:00"}}, "quiet_hours_empty"),
        ({"quiet_hours": {"from": "22:00"}}, "invalid"),
        ({"quiet_hours": {"from": "24:00", "until": "08:00"}}, "invalid"),
        ({"quiet_hours": {"from": "٢٢:٠٠", "until": "08:00"}}, "invalid"),
        ({"quiet_hours": {"from": None, "until": "08:00"}}, "invalid"),
        ({"quiet_hours": 5}, "invalid"),
        ({"digest": "hourly"}, "invalid"),
    ],
)
def test_bad_change_is_refused_whole(api, me, change, code):
    good = [{"kind": "low_balance", "channel": "push", "is_on": False}]
    kinds = change.get("kinds", [])

    body = {"digest": "daily", **change, "kinds": [*good, *kinds] if isinstance(kinds, list) else kinds}
    answer = api.patch(URL, body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert Preference.objects.count() == QuietHours.objects.count() == 0


def test_the_houses_kinds_are_shown_to_its_people_and_to_stores(api, me):
    merchant, clerk = make_customer(), StaffFactory()
    StoreMember.objects.create(store=StoreFactory(), user=merchant, role=StoreMember.Role.OWNER)

    for person in (merchant, clerk):
        api.force_authenticate(person)
        wish = {"kind": "order_to_pack", "channel": "email", "is_on": True}
        assert choice(api.patch(URL, {"kinds": [wish]}, format="json"), "order_to_pack", "email")["is_on"] is True


def test_mine_are_mine(api, me):
    other = make_customer()
    QuietHours.objects.create(customer=other.pk, quiet_from=time(1), quiet_until=time(2))

    api.patch(URL, {"digest": "daily", "quiet_hours": None}, format="json")

    assert QuietHours.objects.get(customer=other.pk).quiet_from == time(1)
    assert QuietHours.objects.get(customer=me.pk).digest == "daily"


def test_nobody_anonymous_has_any(api):
    assert api.get(URL).status_code == api.patch(URL, {}, format="json").status_code == 401


def test_account_disabled_a_moment_ago_is_signed_out_and_changes_nothing(api, me):
    type(me).objects.filter(pk=me.pk).update(is_active=False)  # the access token still opens the door

    answers = [api.get(URL), api.patch(URL, {"digest": "daily"}, format="json")]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(401, "token_invalid")] * 2
    assert QuietHours.objects.count() == 0
