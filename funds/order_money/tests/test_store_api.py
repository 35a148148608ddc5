"""A store's account over HTTP: its owners see and move it, nobody else knows of it."""

from unittest.mock import ANY

import pytest
from rest_framework.test import APIClient

from funds.facade import refund_order, settle_order
from funds.ledger.tests.factories import customer_with
from funds.models import Hold, Payout
from funds.wallets.tests.http import BAD_AMOUNTS, mxn, post, signed_in, url
from marketplace.core.access import KEYS, reach
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from stores.merchants.models import StoreMember
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory, UserFactory
from users.models import User
from users.staff.tests.factories import DepartmentMemberFactory

from .books import AT, back, paid_order, part, payable

pytestmark = pytest.mark.django_db
CLABE = "032180000118359719"
ROUTES = ["", "transactions/", "payouts/"]


def person(store, role: str) -> User:
    return StoreMember.objects.create(store=store, user=UserFactory.create(), role=role).user


def store_with(minor: int):
    """A store that has earned that much, and its owner's client."""
    store = StoreFactory.create()
    owner = person(store, StoreMember.Role.OWNER)
    if minor:
        order, _customer = paid_order(minor)
        settle_order(order_id=order, parts=[part(minor, 0, 0, store.pk)], at=AT)
    return store, signed_in(owner.pk)


def at(store, path: str = "") -> str:
    return url(f"stores/{store.pk}/{path}")


def pay_out(client, store, amount="60.00", destination=CLABE, key: str = ""):
    return post(client, f"stores/{store.pk}/payouts/", {"amount": mxn(amount), "destination": destination}, key)


def balance(client, store):
    (row,) = client.get(at(store)).json()["balances"]
    return row["payable"]["amount"], row["reserved"]["amount"], row["paid_out"]["amount"]


def test_a_store_that_has_earned_nothing_has_no_balances():
    store, owner = store_with(0)

    assert owner.get(at(store)).json() == {"store": str(store.pk), "balances": []}
    assert owner.get(at(store, "transactions/")).json()["results"] == []


def test_what_was_earned_is_set_aside_and_paid_out(django_assert_max_num_queries):
    store, owner = store_with(100_00)
    assert balance(owner, store) == ("100.00", "0.00", "0.00")

    answer = pay_out(owner, store)

    assert answer.status_code == 202
    assert answer.json() == {
        "id": ANY,
        "state": "requested",
        "amount": mxn("60.00"),
        "destination": "…9719",
        "note": "",
        "failure": "",
        "created_at": ANY,
        "settled_at": None,
    }
    assert balance(owner, store) == ("40.00", "60.00", "0.00")
    drain()
    assert balance(owner, store) == ("40.00", "0.00", "60.00")
    with django_assert_max_num_queries(3):
        owner.get(at(store))
    (shown,) = owner.get(at(store, "payouts/")).json()["results"]
    assert (shown["id"], shown["state"]) == (answer.json()["id"], "settled")


def test_the_statement_has_settlements_refunds_and_payouts(django_assert_max_num_queries):
    store, owner = store_with(0)
    order, customer = paid_order(100_00)
    one = part(100_00, 0, 1_000, store.pk)
    settle_order(order_id=order, parts=[one], at=AT)
    refund_order(order_id=order, customer_id=customer, parts=[back(one, 10_00)], key="r", reason="x", at=AT)
    pay_out(owner, store, "20.00")

    with django_assert_max_num_queries(3):
        lines = owner.get(at(store, "transactions/")).json()["results"]

    assert [(line["kind"], line["direction"], line["amount"]["amount"]) for line in lines] == [
        ("reserve", "out", "20.00"),
        ("order_refund", "out", "9.00"),
        ("order_settlement", "in", "90.00"),
    ]
    assert lines[2]["source"] == f"order:{order}"
    kept = owner.get(at(store, "transactions/"), {"kind": "order_refund"}).json()["results"]
    assert [line["id"] for line in kept] == [lines[1]["id"]]
    assert owner.get(at(store, "transactions/"), {"currency": "USD"}).json()["results"] == []


def test_a_store_that_owes_shows_it_and_is_paid_nothing():
    store, owner = store_with(0)
    order, customer = paid_order(100_00)
    one = part(100_00, 0, 0, store.pk)
    settle_order(order_id=order, parts=[one], at=AT)
    pay_out(owner, store, "90.00")
    refund_order(order_id=order, customer_id=customer, parts=[back(one, 100_00)], key="r", reason="x", at=AT)

    assert balance(owner, store) == ("-90.00", "90.00", "0.00")
    refused = pay_out(owner, store, "0.01")
    assert (refused.status_code, refused.json()["missing"]) == (409, "90.01")


def test_more_than_was_earned_is_refused_and_changes_nothing():
    store, owner = store_with(100_00)

    answer = pay_out(owner, store, "100.01")

    assert (answer.status_code, answer.json()["code"], answer.json()["missing"]) == (409, "insufficient_funds", "0.01")
    assert payable(store.pk) == 100_00
    assert not Payout.objects.exists()


def test_the_same_key_pays_out_once():
    store, owner = store_with(100_00)

    first, second = (pay_out(owner, store, key="once") for _ in range(2))

    assert first.json() == second.json()
    assert Payout.objects.count() == 1
    assert payable(store.pk) == 40_00


@pytest.mark.parametrize("amount", [*BAD_AMOUNTS.values(), mxn("0.00"), None], ids=[*BAD_AMOUNTS, "zero", "null"])
def test_bad_amounts_are_refused_and_change_nothing(amount):
    store, owner = store_with(100_00)

    answer = post(owner, f"stores/{store.pk}/payouts/", {"amount": amount, "destination": CLABE})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert payable(store.pk) == 100_00
    assert not Payout.objects.exists()
    assert not Hold.objects.exists()


def test_another_currency_is_another_account():
    store, owner = store_with(100_00)
    body = {"amount": {"amount": "5.00", "currency": "USD"}, "destination": "GB33BUKB20201555555555"}

    assert post(owner, f"stores/{store.pk}/payouts/", body).status_code == 409
    assert pay_out(owner, store, destination="GB33BUKB20201555555555").status_code == 400

    assert not Payout.objects.exists()


def everybody_else(store) -> list[APIClient]:
    other, other_owner = store_with(0)
    member = person(store, StoreMember.Role.MEMBER)
    clerk = DepartmentMemberFactory.create(keys=list(KEYS)).user
    return [
        other_owner,
        *(signed_in(user.pk) for user in (member, clerk, UserFactory.create(), UserFactory.create(is_staff=True))),
        signed_in(person(other, StoreMember.Role.MEMBER).pk),
    ]


def test_to_everybody_but_the_owners_it_does_not_exist():
    store, _owner = store_with(100_00)

    for client in everybody_else(store):
        assert [client.get(at(store, path)).status_code for path in ROUTES] == [404, 404, 404]
        assert pay_out(client, store).status_code == 404
    assert [APIClient().get(at(store, path)).status_code for path in ROUTES] == [401, 401, 401]
    assert pay_out(APIClient(), store).status_code == 401

    assert payable(store.pk) == 100_00
    assert not Payout.objects.exists()


def test_administrators_see_and_pay_every_store():
    store, owner = store_with(100_00)
    administrator = AdministratorFactory.create()
    client = signed_in(administrator.pk)

    assert balance(client, store) == ("100.00", "0.00", "0.00")
    assert pay_out(client, store).status_code == 202

    assert Payout.objects.get().requested_by == administrator.pk
    assert balance(owner, store)[1] == "60.00"


def test_a_closed_stores_owner_still_gets_what_was_earned():
    store, owner = store_with(100_00)
    store.archived_at = AT
    store.save()

    assert balance(owner, store) == ("100.00", "0.00", "0.00")
    assert pay_out(owner, store).status_code == 202


def test_money_is_the_owners_key_alone():
    store = StoreFactory.create()
    owner, member = person(store, StoreMember.Role.OWNER), person(store, StoreMember.Role.MEMBER)

    for key in ("money:read", "money:write"):
        assert reach(owner, key).stores == {store.pk}
        assert reach(member, key).is_empty
    assert reach(member, "catalog:write").stores == {store.pk}


@pytest.mark.parametrize("store", ["x", "0" * 36, "0198c0e5-0b5c-7a33-9d1e-6f0c2b7a4e8"])
def test_what_is_no_id_is_not_there(store):
    assert signed_in(customer_with()).get(url(f"stores/{store}/")).status_code == 404


def test_amounts_come_in_the_currencys_own_scale():
    store, owner = store_with(100_00)
    order, _customer = paid_order(1)
    settle_order(order_id=order, parts=[part(1, 0, 0, store.pk)], at=AT)

    assert owner.get(at(store)).json()["balances"][0]["payable"] == mxn(f"{Money(100_01, 'MXN').decimal:f}")
