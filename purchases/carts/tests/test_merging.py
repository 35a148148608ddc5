"""Merging at log-in: the strategies as values, and the whole of it through HTTP."""

from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from promotions.flash.tests.factories import make_customer, make_variant
from purchases.carts.merging import keep_account, sum_up_to_stock
from purchases.carts.models import Cart, CartLine
from purchases.carts.services import merge_carts
from purchases.carts.tokens import token_of
from purchases.carts.values import MOST_LINES, MergeLine, MergeResult, MergeScene
from stores.catalog.models import Variant
from stores.inventory.models import StockItem
from stores.merchants.tests.factories import StoreFactory

from .factories import filled_cart

MERGE = "/api/v1/cart/merge/"


def a_line(quantity=1, held=0, available=50, is_sellable=True, currency="MXN"):
    return MergeLine(uuid4(), quantity, held, available, is_sellable, currency)


def of_one(line, *, currency="MXN", count=1):
    (outcome,) = sum_up_to_stock(MergeScene((line,), currency, count))
    return outcome.quantity, outcome.result.value, outcome.reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (a_line(3), (3, "merged", "")),
        (a_line(3, held=2), (5, "merged", "")),
        (a_line(3, held=2, available=4), (4, "capped", "insufficient_stock")),
        (a_line(3, held=2, available=2), (2, "dropped", "insufficient_stock")),
        (a_line(3, held=2, available=0), (2, "dropped", "insufficient_stock")),
        (a_line(3, available=0), (0, "dropped", "insufficient_stock")),
        (a_line(600, held=600, available=5000), (999, "capped", "line_limit")),
        (a_line(1, held=999, available=5000), (999, "dropped", "line_limit")),
        (a_line(1, is_sellable=False), (0, "dropped", "not_sellable")),
        (a_line(1, currency="USD"), (0, "dropped", "currency_mismatch")),
    ],
)
def test_quantities_add_up_as_far_as_stock_and_the_limit_go(line, expected):
    assert of_one(line) == expected


def test_an_empty_account_takes_the_strangers_currency():
    assert of_one(a_line(1, currency="USD"), currency="", count=0) == (1, "merged", "")


def test_a_full_cart_takes_no_more_lines_but_more_of_what_it_has():
    lines = (a_line(1), a_line(1, held=1), a_line(1))

    outcomes = sum_up_to_stock(MergeScene(lines, "MXN", MOST_LINES - 1))

    assert [(each.result.value, each.reason) for each in outcomes] == [
        ("merged", ""),
        ("merged", ""),
        ("dropped", "cart_full"),
    ]


LINES = st.builds(
    a_line,
    st.integers(1, 999),
    st.integers(0, 999),
    st.integers(0, 3000),
    st.booleans(),
    st.sampled_from(["MXN", "USD"]),
)


@given(st.lists(LINES, max_size=30), st.sampled_from(["MXN", "USD", ""]), st.integers(0, MOST_LINES))
def test_a_merge_never_takes_away_and_never_goes_beyond_a_limit(lines, currency, count):
    outcomes = sum_up_to_stock(MergeScene(tuple(lines), currency, count))

    assert [each.variant_id for each in outcomes] == [line.variant_id for line in lines]
    for line, outcome in zip(lines, outcomes, strict=True):
        assert line.held <= outcome.quantity <= max(line.held, min(999, line.available, line.held + line.quantity))
        assert (outcome.result is MergeResult.DROPPED) == (outcome.quantity == line.held)
        assert (outcome.result is MergeResult.MERGED) == (outcome.reason == "")
    coming = [line for line, outcome in zip(lines, outcomes, strict=True) if outcome.result is not MergeResult.DROPPED]
    assert len({line.currency for line in coming} | ({currency} if currency else set())) <= 1 or not coming
    assert sum(line.held == 0 for line in coming) <= max(0, MOST_LINES - count)


def test_keeping_the_accounts_cart_drops_what_the_stranger_had():
    line = a_line(2, held=1)

    (kept,) = keep_account(MergeScene((line,), "MXN", 1))
    (taken,) = keep_account(MergeScene((a_line(2),), "", 0))

    assert (kept.quantity, kept.result.value, kept.reason) == (1, "dropped", "account_cart_kept")
    assert (taken.quantity, taken.result.value) == (2, "merged")


@pytest.fixture
def customer(api):
    """Signed in."""
    user = make_customer()
    api.force_authenticate(user)
    return user


@pytest.mark.django_db
def test_a_strangers_cart_comes_along_at_log_in(api, customer):
    both, own, brought = make_variant(), make_variant(), make_variant()
    filled_cart(customer=customer, variant=both, quantity=2)
    filled_cart(customer=customer, variant=own)
    guest = filled_cart(variant=both, quantity=3)
    filled_cart(cart=guest, variant=brought, quantity=4)

    answer = api.post(MERGE, {}, format="json", headers={"X-Cart-Token": token_of(guest.pk)})

    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert {line["variant"]: line["quantity"] for line in body["lines"]} == {
        str(both.pk): 5,
        str(own.pk): 1,
        str(brought.pk): 4,
    }
    assert [(each["variant"], each["asked"], each["quantity"], each["result"]) for each in body["merge"]] == [
        (str(both.pk), 3, 5, "merged"),
        (str(brought.pk), 4, 4, "merged"),
    ]
    assert body["token"] is None
    assert Cart.objects.get().customer == customer


@pytest.mark.django_db
def test_what_does_not_come_over_says_why(api, customer):
    scarce, gone = make_variant(on_hand=5), make_variant()
    filled_cart(customer=customer, variant=scarce, quantity=3)
    guest = filled_cart(variant=scarce, quantity=4)
    filled_cart(cart=guest, variant=gone)
    Variant.objects.filter(pk=gone.pk).update(is_active=False)

    body = api.post(MERGE, {"token": token_of(guest.pk)}, format="json").json()

    assert [(each["quantity"], each["result"], each["reason"]) for each in body["merge"]] == [
        (5, "capped", "insufficient_stock"),
        (0, "dropped", "not_sellable"),
    ]
    assert [line["quantity"] for line in body["lines"]] == [5]


@pytest.mark.django_db
def test_an_accounts_line_that_stock_fell_below_stays_as_it_was_chosen(customer):
    variant = make_variant(on_hand=5)
    mine = filled_cart(customer=customer, variant=variant, quantity=4)
    guest = filled_cart(variant=variant, quantity=1)
    StockItem.objects.filter(variant=variant).update(on_hand=2)

    merge_carts(customer_id=customer.pk, cart_id=guest.pk, at=timezone.now())

    assert mine.lines.get().quantity == 4


@pytest.mark.django_db
def test_another_currency_is_dropped_and_an_empty_account_takes_it(api, customer):
    dollars = make_variant(product__store=StoreFactory(currency="USD"))
    filled_cart(customer=customer)
    guest, second = filled_cart(variant=dollars), filled_cart(variant=dollars)

    refused = api.post(MERGE, {"token": token_of(guest.pk)}, format="json").json()
    api.delete("/api/v1/cart/")
    taken = api.post(MERGE, {"token": token_of(second.pk)}, format="json").json()

    assert [each["reason"] for each in refused["merge"]] == ["currency_mismatch"]
    assert (refused["currency"], taken["currency"], len(taken["lines"])) == ("MXN", "USD", 1)


@pytest.mark.django_db
def test_merging_again_changes_nothing(api, customer):
    guest = filled_cart(quantity=3)
    token = token_of(guest.pk)
    first = api.post(MERGE, {"token": token}, format="json").json()

    second = api.post(MERGE, {"token": token}, format="json")

    assert second.status_code == 200
    assert second.json() == {**first, "merge": []}
    assert CartLine.objects.get().quantity == 3


@pytest.mark.django_db
def test_prices_seen_as_a_stranger_are_remembered(api, customer):
    variant = make_variant()
    guest = filled_cart(variant=variant)
    Variant.objects.filter(pk=variant.pk).update(price_minor=39_900)

    (line,) = api.post(MERGE, {"token": token_of(guest.pk)}, format="json").json()["lines"]

    assert line["price_was"] == {"amount": "349.00", "currency": "MXN"}


@pytest.mark.django_db
def test_coupons_are_joined(customer):
    mine, guest = filled_cart(customer=customer), filled_cart()
    Cart.objects.filter(pk=mine.pk).update(coupons=["UNO", "DOS", "TRES"])
    Cart.objects.filter(pk=guest.pk).update(coupons=["dos", "CUATRO", "CINCO", "SEIS"])

    merged = merge_carts(customer_id=customer.pk, cart_id=guest.pk, at=timezone.now())

    assert merged.cart is not None
    assert merged.cart.coupons == ["UNO", "DOS", "TRES", "CUATRO", "CINCO"]


@pytest.mark.django_db
def test_the_strategy_is_a_setting(api, customer, settings):
    settings.CART_MERGE_STRATEGY = "purchases.carts.merging.keep_account"
    filled_cart(customer=customer)
    guest = filled_cart()

    body = api.post(MERGE, {"token": token_of(guest.pk)}, format="json").json()

    assert [each["reason"] for each in body["merge"]] == ["account_cart_kept"]
    assert (len(body["lines"]), Cart.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_a_merge_needs_an_account_and_a_cart_that_can_be_named(api):
    guest = filled_cart(quantity=3)
    strangers = api.post(MERGE, {"token": token_of(guest.pk)}, format="json")
    api.force_authenticate(make_customer())

    nameless = api.post(MERGE, {}, format="json")
    forged = api.post(MERGE, {"token": f"{guest.pk.hex}:forged"}, format="json")

    assert (strangers.status_code, nameless.status_code) == (401, 400)
    assert nameless.json()["errors"][0]["field"] == "token"
    assert (forged.status_code, forged.json()["code"]) == (404, "cart_not_found")
    assert Cart.objects.get().lines.get().quantity == 3


@pytest.mark.django_db
def test_an_accounts_cart_is_never_brought_over(api, customer):
    other = filled_cart(customer=make_customer())

    body = api.post(MERGE, {"token": token_of(other.pk)}, format="json").json()

    assert (body["lines"], body["merge"]) == ([], [])
    assert other.lines.count() == 1
