"""`payments/` over HTTP."""

from datetime import timedelta
from unittest.mock import ANY
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.facade import start_order_payment
from funds.ledger.tests.factories import customer_with
from funds.models import Deposit, OrderPayment
from funds.wallets.tests.http import mxn, signed_in
from marketplace.core.money import Money

pytestmark = pytest.mark.django_db
PAYMENTS = "/api/v1/payments/"


def start(customer, wallet: int, order=None):
    return start_order_payment(
        order_id=order or uuid4(),
        customer_id=customer,
        total=Money(100_00, "MXN"),
        from_wallet=Money(wallet, "MXN"),
        provider="" if wallet == 100_00 else "sandbox",
        lasts=timedelta(minutes=10),
    )


def test_a_payment_says_where_it_stands_and_where_to_pay():
    customer = customer_with(100_00)
    card = start(customer, 40_00)
    Deposit.objects.update(checkout_url="https://pay.example/1")

    shown = signed_in(customer).get(f"{PAYMENTS}{card.payment_id}/").json()

    assert shown == {
        "id": str(card.payment_id),
        "order": str(card.order_id),
        "state": "awaiting",
        "total": mxn("100.00"),
        "from_wallet": mxn("40.00"),
        "provider": "sandbox",
        "deposit": str(card.deposit_id),
        "checkout_url": "https://pay.example/1",
        "expires_at": ANY,
        "paid_at": None,
        "created_at": ANY,
    }


def test_the_list_is_ones_own_newest_first_in_one_query(django_assert_num_queries):
    customer = customer_with(200_00)
    first, second = start(customer, 100_00), start(customer, 50_00)
    start(customer_with(100_00), 100_00)
    client = signed_in(customer)

    with django_assert_num_queries(1):
        shown = client.get(PAYMENTS).json()["results"]

    assert [(row["id"], row["state"]) for row in shown] == [
        (str(second.payment_id), "awaiting"),
        (str(first.payment_id), "paid"),
    ]
    assert (shown[1]["provider"], shown[1]["deposit"], shown[1]["checkout_url"]) == (None, None, None)


def test_a_payment_whose_time_has_passed_shows_as_expired():
    customer = customer_with(100_00)
    card = start(customer, 40_00)
    OrderPayment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    client = signed_in(customer)

    assert client.get(f"{PAYMENTS}{card.payment_id}/").json()["state"] == "expired"
    assert len(client.get(PAYMENTS, {"state": "expired"}).json()["results"]) == 1
    assert client.get(PAYMENTS, {"state": "awaiting"}).json()["results"] == []


def test_the_payments_of_an_order():
    customer, order = customer_with(300_00), uuid4()
    mine = start(customer, 100_00, order)
    start(customer, 100_00)
    client = signed_in(customer)

    shown = client.get(PAYMENTS, {"order": str(order)}).json()["results"]

    assert [row["id"] for row in shown] == [str(mine.payment_id)]
    assert client.get(PAYMENTS, {"order": "x"}).status_code == 400
    assert client.get(PAYMENTS, {"state": "x"}).status_code == 400


def test_another_customers_payment_does_not_exist(api):
    card = start(customer_with(100_00), 100_00)
    stranger = signed_in(customer_with())

    assert stranger.get(f"{PAYMENTS}{card.payment_id}/").status_code == 404
    assert stranger.get(f"{PAYMENTS}x/").status_code == 404
    assert api.get(f"{PAYMENTS}{card.payment_id}/").status_code == 401


def test_nothing_is_changed_here():
    customer = customer_with(100_00)
    card = start(customer, 100_00)
    client = signed_in(customer)

    assert client.delete(f"{PAYMENTS}{card.payment_id}/").status_code == 405
    assert client.patch(f"{PAYMENTS}{card.payment_id}/", {}, format="json").status_code == 405
