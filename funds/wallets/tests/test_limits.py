"""One's own limits: settings, the weekly limit of automatic purchases, the low-balance alert."""

import threading
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from funds.facade import (
    InsufficientFundsError,
    KeyReusedError,
    OrderPaymentExistsError,
    WeeklyLimitError,
    capture_hold,
    hold_for_purchase,
    pay_order,
    pay_order_from_hold,
    refund_order,
    release_hold,
)
from funds.ledger.errors import UnknownHoldError
from funds.ledger.models import Account, AccountKind, Hold
from funds.ledger.services import place_hold
from funds.ledger.tests.factories import customer_with, posted_and_held, wallet
from funds.ledger.tests.racing import race
from funds.models import OrderMoney, WalletSettings
from funds.order_money.tests.books import AT, back, house, part
from funds.wallets.selectors import AUTOMATIC_SCOPE, left_this_week
from funds.wallets.services import change_settings, order_escrow, tell_low_balances
from marketplace.core.erasure import erase_person
from marketplace.core.models import OutboxEvent
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.relay import drain
from notifications.models import InboxItem
from users.models import User

from .http import BAD_AMOUNTS, mxn, send, signed_in, url

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ESCROW = order_escrow("MXN")


def pesos(minor: int) -> Money:
    return Money(minor, "MXN")


def limit(customer, minor: int | None) -> None:
    change_settings(
        customer_id=customer, currency="MXN", changes={"weekly_limit": None if minor is None else pesos(minor)}
    )


def threshold(customer, minor: int) -> None:
    change_settings(customer_id=customer, currency="MXN", changes={"low_balance_threshold": pesos(minor)})


def buy(customer, minor: int, *, key: str = "", at: datetime | None = None):
    return hold_for_purchase(
        customer_id=customer,
        payee=ESCROW,
        amount=pesos(minor),
        key=key or uuid4().hex,
        lasts=HOUR,
        at=at or datetime.now(UTC),
    )


def change(customer, body):
    return send(signed_in(customer), "PATCH", "settings/", body)


def test_settings_begin_empty_and_are_kept_by_currency(django_assert_num_queries):
    customer = customer_with()
    client = signed_in(customer)

    assert client.get(url("settings/")).json() == {"settings": []}
    change(customer, {"weekly_limit": mxn("1500.00"), "low_balance_threshold": mxn("0.00")})
    change(customer, {"low_balance_threshold": {"amount": "20", "currency": "USD"}})
    answer = change(customer, {"low_balance_threshold": mxn("200.00")})

    assert answer.status_code == 200
    assert answer.json()["settings"] == [
        {"currency": "MXN", "weekly_limit": mxn("1500.00"), "low_balance_threshold": mxn("200.00")},
        {
            "currency": "USD",
            "weekly_limit": None,
            "low_balance_threshold": {"amount": "20.00", "currency": "USD"},
        },
    ]
    with django_assert_num_queries(1):
        assert client.get(url("settings/")).json() == answer.json()


def test_null_lifts_a_limit_and_nothing_changes_nothing():
    customer = customer_with()
    change(customer, {"weekly_limit": mxn("10.00"), "low_balance_threshold": mxn("5.00")})

    assert change(customer, {}).json()["settings"][0]["weekly_limit"] == mxn("10.00")
    (row,) = change(customer, {"weekly_limit": None}).json()["settings"]

    assert (row["weekly_limit"], row["low_balance_threshold"]) == (None, mxn("5.00"))
    assert change(customer, {"currency": "USD", "weekly_limit": None}).json()["settings"][1]["currency"] == "USD"


def test_two_currencies_at_once_are_refused():
    customer = customer_with()
    dollars = {"amount": "5.00", "currency": "USD"}

    for body in (
        {"weekly_limit": mxn("5.00"), "low_balance_threshold": dollars},
        {"currency": "USD", "weekly_limit": mxn("5.00")},
    ):
        answer = change(customer, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "currency_mismatch")

    assert not WalletSettings.objects.exists()


@pytest.mark.parametrize("field", ["weekly_limit", "low_balance_threshold"])
@pytest.mark.parametrize("amount", BAD_AMOUNTS.values(), ids=BAD_AMOUNTS)
def test_bad_limits_are_refused_and_change_nothing(field, amount):
    answer = change(customer_with(), {field: amount})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert not WalletSettings.objects.exists()


def test_settings_are_ones_own(api):
    customer = customer_with()
    change(customer, {"weekly_limit": mxn("10.00")})

    assert api.get(url("settings/")).status_code == 401
    assert api.patch(url("settings/"), {}, format="json").status_code == 401
    assert signed_in(customer_with()).get(url("settings/")).json() == {"settings": []}


def test_automatic_purchases_stay_within_the_week():
    customer = customer_with(500_00)
    limit(customer, 100_00)
    buy(customer, 60_00)

    with pytest.raises(WeeklyLimitError) as refusal, transaction.atomic():
        buy(customer, 40_01)

    assert (refusal.value.code, refusal.value.kind.value) == ("weekly_limit_exceeded", 409)
    assert refusal.value.params == {"left": "40.00", "currency": "MXN"}
    assert posted_and_held(customer) == (500_00, 60_00)
    buy(customer, 40_00)
    with pytest.raises(WeeklyLimitError) as refusal:
        buy(customer, 1)
    assert refusal.value.params["left"] == "0.00"


def test_without_a_limit_only_the_balance_counts():
    customer = customer_with(100)
    limit(customer, 10)
    limit(customer, None)

    buy(customer, 100)

    with pytest.raises(InsufficientFundsError):
        buy(customer, 1)


def test_ordinary_purchases_are_not_bound_and_do_not_count():
    customer = customer_with(500)
    limit(customer, 100)

    pay_order(order_id=uuid4(), customer_id=customer, total=pesos(300))
    place_hold(scope="order", key="x", payer=wallet(customer), payee=ESCROW, amount=pesos(90), lasts=HOUR)

    assert buy(customer, 100).amount == pesos(100)


def test_what_is_free_again_counts_no_more():
    customer = customer_with(500)
    limit(customer, 100)
    held = buy(customer, 100)
    release_hold(hold_id=held.hold_id)

    lapsed = buy(customer, 100)
    Hold.objects.filter(pk=lapsed.hold_id).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))

    taken = buy(customer, 100)
    capture_hold(hold_id=taken.hold_id, key="1", amount=pesos(30), is_final=False)
    with pytest.raises(WeeklyLimitError):
        buy(customer, 1)
    capture_hold(hold_id=taken.hold_id, key="2", amount=pesos(10))
    assert buy(customer, 60).amount == pesos(60)


def test_the_week_begins_on_monday_where_the_platform_is():
    customer = customer_with(500)
    limit(customer, 100)
    # Midnight in Mexico City is six in the morning, UTC.
    monday = datetime(2026, 3, 9, 6, tzinfo=UTC)
    Hold.objects.filter(pk=buy(customer, 100, at=monday).hold_id).update(created_at=monday - timedelta(seconds=1))

    last_week = left_this_week(Account.objects.get(owner_id=customer), pesos(100), at=monday - timedelta(seconds=1))
    this_week = left_this_week(Account.objects.get(owner_id=customer), pesos(100), at=monday)

    assert (last_week, this_week) == (pesos(0), pesos(100))


def test_the_same_key_gives_the_same_hold_even_when_the_week_is_full():
    customer = customer_with(500)
    limit(customer, 100)
    first = buy(customer, 100, key="list-7")

    again = buy(customer, 100, key="list-7")

    assert (again.hold_id, again.is_replay) == (first.hold_id, True)
    with pytest.raises(KeyReusedError):
        buy(customer, 99, key="list-7")
    assert posted_and_held(customer) == (500, 100)


def test_another_currency_has_a_limit_of_its_own():
    customer = customer_with(500)
    change_settings(customer_id=customer, currency="USD", changes={"weekly_limit": Money(1, "USD")})

    assert buy(customer, 500).amount == pesos(500)
    with pytest.raises(CurrencyMismatchError):
        change_settings(customer_id=customer, currency="MXN", changes={"weekly_limit": Money(1, "USD")})


def test_an_order_is_paid_from_its_hold_and_a_refund_frees_the_week():
    customer, order = customer_with(500), uuid4()
    limit(customer, 100)
    held = buy(customer, 100)

    for is_replay in (False, True):
        receipt = pay_order_from_hold(order_id=order, customer_id=customer, hold_id=held.hold_id, total=pesos(80))
        assert receipt.is_replay == is_replay
    one = part(80)
    refund_order(order_id=order, customer_id=customer, parts=[back(one, 50)], key="r", reason="x", at=AT)

    assert posted_and_held(customer) == (470, 0)
    assert house(AccountKind.ESCROW) == 30
    assert buy(customer, 70).amount == pesos(70)
    with pytest.raises(WeeklyLimitError):
        buy(customer, 1)


def test_only_ones_own_hold_for_orders_pays_one_order():
    customer, order = customer_with(500), uuid4()
    held = buy(customer, 100)
    promotions = place_hold(
        scope="test", key="x", payer=wallet(customer), payee=wallet(customer_with()), amount=pesos(10), lasts=HOUR
    )

    for hold_id, payer in ((held.hold_id, customer_with()), (promotions.hold_id, customer), (uuid4(), customer)):
        with pytest.raises(UnknownHoldError):
            pay_order_from_hold(order_id=order, customer_id=payer, hold_id=hold_id, total=pesos(10))
    pay_order(order_id=order, customer_id=customer, total=pesos(10))
    with pytest.raises(OrderPaymentExistsError):
        pay_order_from_hold(order_id=order, customer_id=customer, hold_id=held.hold_id, total=pesos(10))

    assert posted_and_held(customer) == (490, 110)
    assert not OrderMoney.objects.exists()


def alerts() -> int:
    return OutboxEvent.objects.filter(wire_name="funds.balance_low").count()


def test_a_wallet_below_its_threshold_is_told_of_once_until_it_is_above_again():
    customer = customer_with(100_00)
    threshold(customer, 50_00)
    assert tell_low_balances(at=AT) == 0

    pay_order(order_id=uuid4(), customer_id=customer, total=pesos(60_00))
    assert [tell_low_balances(at=AT) for _ in range(3)] == [1, 0, 0]

    threshold(customer, 30_00)
    assert tell_low_balances(at=AT) == 0
    threshold(customer, 50_00)
    assert [tell_low_balances(at=AT) for _ in range(2)] == [1, 0]
    assert alerts() == 2


def test_what_is_held_is_not_there_and_what_a_lapsed_hold_keeps_is():
    customer = customer_with(100)
    threshold(customer, 50)
    held = buy(customer, 51)
    assert tell_low_balances(at=AT) == 1

    Hold.objects.filter(pk=held.hold_id).update(expires_at=datetime(2020, 1, 1, tzinfo=UTC))
    assert tell_low_balances(at=AT) == 0
    assert not WalletSettings.objects.get().is_low
    buy(customer, 51)
    assert tell_low_balances(at=AT) == 1


def test_exactly_the_threshold_is_not_low_and_an_unopened_wallet_has_no_balance():
    threshold(customer_with(50), 50)
    threshold(customer_with(), 50)
    change_settings(customer_id=customer_with(10), currency="USD", changes={"low_balance_threshold": Money(5, "USD")})

    assert tell_low_balances(at=AT) == 0


def test_all_wallets_are_looked_at_in_one_statement(django_assert_num_queries):
    for _ in range(5):
        threshold(customer_with(10), 50)

    with django_assert_num_queries(4):  # it, one that writes the events, and the savepoint around them
        assert tell_low_balances(at=AT) == 5


def test_the_customer_reads_it_in_their_language():
    customer = customer_with(10_00)
    threshold(customer, 50_00)
    tell_low_balances(at=AT)
    drain()

    (item,) = InboxItem.objects.filter(customer=customer)
    shown = signed_in(customer).get("/api/v1/notifications/", headers={"Accept-Language": "es"}).json()["results"][0]

    assert shown["kind"] == "low_balance"
    assert shown["title"] == "Tu saldo es bajo: 10.00 MXN"
    assert "50.00 MXN" in shown["body"]
    assert item.message.params["available"] == {"minor": 10_00, "currency": "MXN"}


def test_limits_go_with_the_customer():
    customer = customer_with()
    limit(customer, 10)

    erase_person(User.objects.get(pk=customer).pk)

    assert not WalletSettings.objects.exists()


RUNNERS = 12


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_exactly_what_fits_into_the_week_is_held():
    customer = customer_with(10_000)
    limit(customer, 500)

    outcomes = race(lambda _number: buy(customer, 100), RUNNERS)

    assert outcomes == {"done": 5, "weekly_limit_exceeded": RUNNERS - 5}
    assert posted_and_held(customer) == (10_000, 500)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_race_sees_it_when_the_guard_is_removed():
    customer = customer_with(10_000)
    limit(customer, 500)
    pay_order(order_id=uuid4(), customer_id=customer_with(1), total=pesos(1))  # escrow is open
    looked = threading.Barrier(RUNNERS)

    def careless(_number: int) -> None:
        account = Account.objects.get(owner_id=customer)
        left = left_this_week(account, pesos(500), at=datetime.now(UTC))
        looked.wait(timeout=20)
        assert left >= pesos(100)
        place_hold(
            scope=AUTOMATIC_SCOPE, key=uuid4().hex, payer=account.pk, payee=ESCROW, amount=pesos(100), lasts=HOUR
        )

    outcomes = race(careless, RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert posted_and_held(customer) == (10_000, RUNNERS * 100)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_low_balance_is_told_once_however_many_look():
    threshold(customer_with(10), 50)

    race(lambda _number: tell_low_balances(at=AT), 6)

    assert alerts() == 1
