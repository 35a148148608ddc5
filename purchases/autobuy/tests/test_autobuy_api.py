"""`scheduler/` and `purchases/` over HTTP: bodies, refusals, and that a refusal changes nothing."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import posted_and_held
from links.gift_lists.tests.factories import make_list
from links.models import GiftClaim
from marketplace.core.clock import platform_day, read_db_now
from purchases.autobuy.models import AutoPurchase, Plan, Schedule
from purchases.autobuy.services import lapse_unanswered, remove_schedule
from purchases.checkout.tests.factories import PRICE, home_of
from users.accounts.tests.factories import UnverifiedUserFactory

from .factories import buyer, catalogue_gift, make_page, outcome_of, outside_gift, run, schedule, wake

pytestmark = pytest.mark.django_db

SCHEDULER, PLAN, PURCHASES = "/api/v1/scheduler/", "/api/v1/scheduler/plan/", "/api/v1/purchases/"
TODAY = platform_day(timezone.now())


@pytest.fixture
def customer(api):
    one = buyer()
    api.force_authenticate(one)
    return one


def post(api, path, body=None, key=None):
    return api.post(path, body or {}, format="json", HTTP_IDEMPOTENCY_KEY=key or uuid4().hex)


RULES = [
    {"kind": "on_date", "date": f"{TODAY + timedelta(days=3)}"},
    {"kind": "interval", "starts_on": f"{TODAY + timedelta(days=1)}", "every_days": 30},
    {"kind": "target_price", "target": {"amount": "499.00", "currency": "MXN"}},
    {"kind": "balance"},
    {"kind": "balance", "keep": {"amount": "100.00", "currency": "MXN"}},
]
NAMES = ["on_date", "interval", "target_price", "balance", "balance_keeping"]


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_schedule_is_made_shown_changed_and_removed(api, customer, rule):
    wishes = make_list(customer)

    made = api.post(SCHEDULER, {"gift_list": str(wishes.pk), "rule": rule}, format="json")

    assert made.status_code == 201
    shown = made.json()
    assert (shown["gift_list"], shown["gift"], shown["rule"], shown["is_enabled"]) == (str(wishes.pk), None, rule, True)
    one = f"{SCHEDULER}{shown['id']}/"
    assert api.get(one).json() == shown
    assert [row["id"] for row in api.get(SCHEDULER).json()["results"]] == [shown["id"]]
    off = api.patch(one, {"is_enabled": False}, format="json").json()
    assert (off["is_enabled"], off["rule"]) == (False, rule)
    other = api.patch(one, {"rule": RULES[3]}, format="json").json()
    assert (other["rule"], other["next_at"]) == (RULES[3], None)
    assert api.delete(one).status_code == 204
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "someday"},
        {"kind": "on_date"},
        {"kind": "on_date", "date": f"{TODAY - timedelta(days=1)}"},
        {"kind": "on_date", "date": "2026-02-30"},
        {"kind": "interval", "starts_on": f"{TODAY}"},
        {"kind": "interval", "starts_on": f"{TODAY + timedelta(days=1)}", "every_days": 0},
        {"kind": "interval", "starts_on": f"{TODAY + timedelta(days=1)}", "every_days": 367},
        {"kind": "target_price"},
        {"kind": "target_price", "target": {"amount": "0.00", "currency": "MXN"}},
        {"kind": "target_price", "target": {"amount": "-1.00", "currency": "MXN"}},
        {"kind": "balance", "target": {"amount": "1.00", "currency": "MXN"}},
        {"kind": "balance", "every_days": 3},
    ],
    ids=[
        *("empty", "unknown", "no_date", "past", "no_such_day", "no_interval", "zero_days", "too_many_days"),
        *("no_target", "zero", "negative", "target_of_balance", "days_of_balance"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(api, customer, rule):
    wishes = make_list(customer)

    answer = api.post(SCHEDULER, {"gift_list": str(wishes.pk), "rule": rule}, format="json")

    assert answer.status_code == 400
    assert not Schedule.objects.exists()


def test_a_list_and_a_gift_or_neither_is_refused(api, customer):
    gift = outside_gift(make_list(customer))
    for about in ({}, {"gift": str(gift.pk), "gift_list": str(gift.gift_list_id)}):
        assert api.post(SCHEDULER, {**about, "rule": RULES[3]}, format="json").status_code == 400
    assert not Schedule.objects.exists()


def test_what_is_another_persons_is_not_there(api, customer):
    other = buyer()
    gift = outside_gift(make_list(other))
    theirs = schedule(gift)

    for about in ({"gift": str(gift.pk)}, {"gift_list": str(gift.gift_list_id)}, {"gift": str(uuid4())}):
        assert api.post(SCHEDULER, {**about, "rule": RULES[3]}, format="json").json()["code"] == "gift_not_found"
    one = f"{SCHEDULER}{theirs.pk}/"
    assert [api.get(one).status_code, api.patch(one, {}, format="json").status_code, api.delete(one).status_code] == [
        *(404, 404, 404)
    ]
    assert post(api, PURCHASES, {"gift": str(gift.pk)}).json()["code"] == "gift_not_found"
    assert Schedule.objects.count() == 1


def test_the_plan_is_there_before_it_is_written(api, customer):
    assert api.get(PLAN).json()["is_enabled"] is True
    assert not Plan.objects.exists()

    address = home_of(customer)
    body = {"is_enabled": False, "ask_hours": 24, "address": str(address.pk)}
    changed = api.patch(PLAN, body, format="json").json()

    assert {name: changed[name] for name in body} == body
    assert api.patch(PLAN, {"ask_hours": None}, format="json").json()["ask_hours"] is None


@pytest.mark.parametrize(
    "body",
    [{"ask_hours": 0}, {"ask_hours": 721}, {"is_enabled": "yes"}, {"address": "home"}],
    ids=["no_time", "too_long", "text", "no_id"],
)
def test_a_plan_that_makes_no_sense_is_refused(api, customer, body):
    assert api.patch(PLAN, body, format="json").status_code == 400
    assert not Plan.objects.exists()


def test_an_address_of_another_is_not_there(api, customer):
    assert api.patch(PLAN, {"address": str(home_of(buyer()).pk)}, format="json").status_code == 404
    assert not Plan.objects.exists()


def test_bought_by_hand_whatever_the_switches_and_once_per_key(api, customer):
    gift = catalogue_gift(make_list(customer, buys_itself=False), is_enabled=False)

    first = post(api, PURCHASES, {"gift": str(gift.pk)}, key="k")
    again = post(api, PURCHASES, {"gift": str(gift.pk)}, key="k")

    assert first.status_code == 201
    assert again.json() == first.json()
    assert first.json()["state"] == "ordered"
    assert posted_and_held(customer.pk) == (1_000_000 - PRICE, 0)
    assert post(api, PURCHASES, {"gift": str(gift.pk)}).json()["code"] == "purchase_under_way"
    assert [row["id"] for row in api.get(PURCHASES, {"state": "ordered"}).json()["results"]] == [first.json()["id"]]
    assert outcome_of(gift) == "bought"


def test_by_hand_prices_and_stock_count_and_a_refusal_changes_nothing(api, customer):
    wishes = make_list(customer)
    claimed = outside_gift(wishes)
    GiftClaim.objects.create(gift=claimed, guest_name="Tía")
    gifts = {
        "no_price": outside_gift(wishes, None),
        "price_not_reliable": outside_gift(wishes, page=make_page(method="opengraph", may_be_bought=False)),
        "out_of_stock": outside_gift(wishes, page=make_page(availability="out_of_stock")),
        "not_available_now": claimed,
    }

    for reason, gift in gifts.items():
        answer = post(api, PURCHASES, {"gift": str(gift.pk)})
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (409, "gift_not_buyable", reason)

    assert not AutoPurchase.objects.exists()
    assert posted_and_held(customer.pk) == (1_000_000, 0)


def asked(customer, minor=50_000):
    gift = outside_gift(make_list(customer), minor, seen_price_minor=10_000)
    schedule(gift)
    run()
    return AutoPurchase.objects.get(gift=gift)


def test_yes_buys_and_is_said_once(api, customer):
    purchase = asked(customer)
    path = f"{PURCHASES}{purchase.pk}/approve/"

    assert post(api, path).json()["state"] == "queued"

    assert post(api, path).json()["code"] == "purchase_not_waiting"
    assert posted_and_held(customer.pk) == (1_000_000, 57_500)
    purchase.gift.refresh_from_db()
    assert purchase.gift.seen_price_minor == 50_000


def test_a_schedule_that_is_gone_asks_nothing_any_more(api, customer):
    purchase = asked(customer)
    remove_schedule(customer_id=customer.pk, schedule_id=purchase.schedule_id, at=timezone.now())

    assert post(api, f"{PURCHASES}{purchase.pk}/approve/").json()["code"] == "purchase_not_waiting"

    purchase.refresh_from_db()
    assert (purchase.state, posted_and_held(customer.pk)) == ("lapsed", (1_000_000, 0))


def test_yes_to_a_price_that_rose_has_to_be_said_to_that_price(api, customer):
    purchase = asked(customer)
    page = purchase.gift.link.page
    page.price_minor = 60_000
    page.save()
    path = f"{PURCHASES}{purchase.pk}/approve/"

    refused = post(api, path)

    assert (refused.status_code, refused.json()["code"], refused.json()["amount"]) == (409, "price_rose", "600.00")
    assert posted_and_held(customer.pk) == (1_000_000, 0)
    agreed = post(api, path, {"price": {"amount": "600.00", "currency": "MXN"}}).json()
    assert (agreed["state"], agreed["held"]["amount"]) == ("queued", "690.00")


def test_no_leaves_it_alone_until_its_price_changes(api, customer):
    purchase = asked(customer)

    assert post(api, f"{PURCHASES}{purchase.pk}/decline/").json()["state"] == "declined"

    run()
    assert outcome_of(purchase.gift) == "declined"
    page = purchase.gift.link.page
    page.price_minor = 49_000
    page.save()
    wake(customer)
    run()
    assert outcome_of(purchase.gift) == "jump_asks"


def test_without_an_answer_in_time_it_is_not_bought(api, customer):
    purchase = asked(customer)
    AutoPurchase.objects.update(answer_by=read_db_now() - timedelta(seconds=1))

    assert post(api, f"{PURCHASES}{purchase.pk}/approve/").json()["code"] == "purchase_not_waiting"
    assert [lapse_unanswered(at=timezone.now()), lapse_unanswered(at=timezone.now())] == [1, 0]

    assert api.get(f"{PURCHASES}{purchase.pk}/").json()["state"] == "lapsed"
    assert posted_and_held(customer.pk) == (1_000_000, 0)


def test_answers_are_the_customers_own(api, customer):
    purchase = asked(buyer())

    for verb in ("approve", "decline"):
        assert post(api, f"{PURCHASES}{purchase.pk}/{verb}/").json()["code"] == "purchase_not_found"
    purchase.refresh_from_db()
    assert purchase.state == "asked"


def test_strangers_and_unverified_accounts_change_nothing(api):
    assert api.get(SCHEDULER).status_code == 401
    api.force_authenticate(UnverifiedUserFactory.create())
    assert api.patch(PLAN, {}, format="json").json()["code"] == "email_not_verified"
    assert post(api, PURCHASES, {"gift": str(uuid4())}).json()["code"] == "email_not_verified"


def test_the_history_asks_a_constant_number_of_questions(api, customer, django_assert_max_num_queries):
    wishes = make_list(customer)
    for _ in range(6):
        outside_gift(wishes, 1_000)
    schedule(wishes)
    run()

    with django_assert_max_num_queries(3):
        assert len(api.get(PURCHASES).json()["results"]) == 6
