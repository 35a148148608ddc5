"""Withdrawals over HTTP, and which bank accounts they may go to."""

from unittest.mock import ANY
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from funds.ledger.models import Hold
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.models import PaymentTask, Payout
from funds.wallets.destinations import clabe_check_digit, is_destination
from marketplace.core.http.idempotency import IdempotencyKey
from marketplace.core.outbox.relay import drain
from users.models import User

from .http import BAD_AMOUNTS, mxn, post, send, signed_in, url

pytestmark = pytest.mark.django_db
CLABE = "032180000118359719"


def verified_with(minor: int, currency: str = "MXN"):
    customer = customer_with(minor, currency)
    User.objects.filter(pk=customer).update(email_verified_at="2026-01-01T00:00:00Z")
    return customer


def withdraw(customer, amount="250.00", destination=CLABE, key: str = "", **values):
    body = {"amount": mxn(amount), "destination": destination, **values}
    return post(signed_in(customer), "withdrawals/", body, key)


# The worked example of a bank's own calculator, and two published account numbers.
@pytest.mark.parametrize("clabe", ["012180026050783858", CLABE, "002010077777777771"])
def test_the_last_digit_of_a_clabe_checks_the_others(clabe):
    assert clabe_check_digit(clabe[:-1]) == int(clabe[-1])
    assert is_destination(clabe, "MXN")
    for place in range(18):
        for digit in "0123456789":
            changed = f"{clabe[:place]}{digit}{clabe[place + 1 :]}"
            assert is_destination(changed, "MXN") == (changed == clabe)


@pytest.mark.parametrize("text", ["GB33BUKB20201555555555", "ABCD", "0" * 34])
def test_elsewhere_it_is_capital_letters_and_digits(text):
    assert is_destination(text, "USD")
    assert not is_destination(text, "MXN")


def test_a_withdrawal_is_held_and_arrives():
    customer = verified_with(500_00)
    client = signed_in(customer)

    answer = withdraw(customer, note="rent")

    assert answer.status_code == 202
    body = answer.json()
    assert body == {
        "id": ANY,
        "state": "requested",
        "amount": mxn("250.00"),
        "destination": "…9719",
        "note": "rent",
        "failure": "",
        "created_at": ANY,
        "settled_at": None,
    }
    assert posted_and_held(customer) == (500_00, 250_00)
    drain()
    shown = client.get(url(f"withdrawals/{body['id']}/")).json()
    assert shown["state"] == "settled"
    assert shown["settled_at"] is not None
    assert client.get(url("withdrawals/")).json()["results"] == [shown]
    assert posted_and_held(customer) == (250_00, 0)


def test_the_same_key_withdraws_once():
    customer = verified_with(500_00)

    first, second = (withdraw(customer, key="once") for _ in range(2))

    assert (first.json(), second["Idempotency-Replayed"]) == (second.json(), "true")
    assert posted_and_held(customer) == (500_00, 250_00)
    assert withdraw(customer, "251.00", key="once").status_code == 422


def test_more_than_there_is_is_refused():
    customer = verified_with(100_00)

    answer = withdraw(customer)

    assert answer.status_code == 409
    assert answer.json()["code"] == "insufficient_funds"
    assert answer.json()["missing"] == "150.00"
    assert not Payout.objects.exists()


def test_while_nothing_was_sent_it_can_be_called_off():
    customer = verified_with(500_00)
    path = f"withdrawals/{withdraw(customer).json()['id']}/"

    for _ in range(2):
        answer = send(signed_in(customer), "PATCH", path, {"state": "cancelled"})
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")

    assert posted_and_held(customer) == (500_00, 0)
    drain()
    assert posted_and_held(customer) == (500_00, 0)


def test_later_it_cannot():
    customer = verified_with(500_00)
    path = f"withdrawals/{withdraw(customer).json()['id']}/"
    drain()

    answer = send(signed_in(customer), "PATCH", path, {"state": "cancelled"})

    assert (answer.status_code, answer.json()["code"]) == (409, "payout_not_cancellable")
    assert posted_and_held(customer) == (250_00, 0)


@pytest.mark.parametrize("body", [{}, {"state": "settled"}, {"state": None}, {"state": ["cancelled"]}, [], "cancelled"])
def test_nothing_else_can_be_changed(body):
    customer = verified_with(500_00)
    path = f"withdrawals/{withdraw(customer).json()['id']}/"

    answer = send(signed_in(customer), "PATCH", path, body)

    assert answer.status_code == 400
    assert Payout.objects.get().state == Payout.State.REQUESTED


def test_another_customers_withdrawal_does_not_exist():
    customer, stranger = verified_with(500_00), signed_in(verified_with(0))
    path = f"withdrawals/{withdraw(customer).json()['id']}/"

    assert stranger.get(url(path)).status_code == 404
    assert send(stranger, "PATCH", path, {"state": "cancelled"}).status_code == 404
    assert stranger.get(url("withdrawals/")).json()["results"] == []
    assert stranger.get(url(f"withdrawals/{uuid4()}/")).status_code == 404
    assert posted_and_held(customer) == (500_00, 250_00)


def test_only_people_whose_address_is_proven_withdraw():
    customer = customer_with(500_00)

    assert withdraw(customer).json()["code"] == "email_not_verified"
    assert post(APIClient(), "withdrawals/", {}).status_code == 401

    assert posted_and_held(customer) == (500_00, 0)
    assert not Payout.objects.exists()


def nothing_happened(customer) -> bool:
    untouched = posted_and_held(customer) == (500_00, 0)
    return untouched and not any(model.objects.exists() for model in (Payout, Hold, PaymentTask, IdempotencyKey))


@pytest.mark.parametrize("amount", [*BAD_AMOUNTS.values(), mxn("0.00"), None], ids=[*BAD_AMOUNTS, "zero", "null"])
def test_bad_amounts_are_refused_and_change_nothing(amount):
    customer = verified_with(500_00)

    answer = post(signed_in(customer), "withdrawals/", {"amount": amount, "destination": CLABE})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert nothing_happened(customer)


BAD_DESTINATIONS = [
    *("", CLABE[:-1], CLABE + "0", CLABE[:-1] + "8", f" {CLABE}", f"{CLABE}\n", "0" * 17 + "1", "٠٣٢١٨٠٠٠٠١١٨٣٥٩٧١٩"),
    *("GB33BUKB20201555555555", "\x00", "\ud800", "x" * 400, None, 32180000118359719, [CLABE], {"clabe": CLABE}),
]


@pytest.mark.parametrize("destination", BAD_DESTINATIONS, ids=ascii)
def test_bad_bank_accounts_are_refused_and_change_nothing(destination):
    customer = verified_with(500_00)

    answer = post(signed_in(customer), "withdrawals/", {"amount": mxn("5.00"), "destination": destination})

    assert answer.status_code == 400
    assert nothing_happened(customer)


@pytest.mark.parametrize("destination", ["ABC", "A" * 35, "gb33", "GB33 BUKB", "ÑÑÑÑ", "１２３４", "GB33\n"], ids=ascii)
def test_bad_bank_accounts_elsewhere_too(destination):
    customer = verified_with(500_00, "USD")
    dollars = {"amount": "5.00", "currency": "USD"}

    answer = post(signed_in(customer), "withdrawals/", {"amount": dollars, "destination": destination})

    assert answer.status_code == 400
    assert nothing_happened(customer)


@pytest.mark.parametrize("note", ["x" * 201, "\x00", "\ud800", 5, None])
def test_bad_notes_are_refused_and_change_nothing(note):
    customer = verified_with(500_00)

    assert withdraw(customer, note=note).status_code == 400

    assert nothing_happened(customer)


def test_another_currency_is_another_wallet():
    customer = verified_with(500_00)

    answer = post(
        signed_in(customer),
        "withdrawals/",
        {"amount": {"amount": "5.00", "currency": "USD"}, "destination": "GB33BUKB20201555555555"},
    )

    assert answer.status_code == 409
    assert nothing_happened(customer)


def test_a_list_is_one_query(django_assert_num_queries):
    customer = verified_with(500_00)
    client = signed_in(customer)
    for _ in range(3):
        withdraw(customer, "1.00")

    with django_assert_num_queries(1):
        assert len(client.get(url("withdrawals/")).json()["results"]) == 3
