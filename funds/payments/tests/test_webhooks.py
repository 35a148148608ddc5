"""Webhooks over HTTP: forged, repeated, early, unknown; and the fake Mercado Pago behind them."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from rest_framework.test import APIClient

from funds.ledger.models import Journal
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.ledger.tests.racing import race
from funds.payments.models import Deposit, PaymentTask, ProviderEvent, ProviderPayment, ReconciliationFinding
from funds.payments.reconciliation import check_unsettled
from funds.payments.services import request_deposit
from marketplace.core.outbox.relay import drain

from .mercadopago.server import FakeMercadoPago
from .mercadopago.shop import URL, notify, open_shop
from .readings import LONG_AGO, mxn


@pytest.fixture
def shop(settings) -> Iterator[FakeMercadoPago]:
    with open_shop(settings) as server:
        yield server


def open_checkout(customer, minor: int = 5000) -> Deposit:
    deposit = request_deposit(customer_id=customer, amount=mxn(minor), provider="mercadopago")
    drain()
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.PREFERENCE_READY
    return deposit


def pay(shop: FakeMercadoPago, customer, **other: Any) -> int:
    """A deposit whose checkout is open and paid at the provider; nobody has told us yet."""
    (made,) = shop.account.search_preferences({"external_reference": str(open_checkout(customer).pk)})["elements"]
    return shop.account.pay(made["id"], **other).id


def test_a_webhook_is_written_down_and_the_payment_is_read_back(shop):
    customer = customer_with()
    payment_id = pay(shop, customer)

    answer = notify(payment_id)
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert Journal.objects.count() == 0
    drain()

    assert posted_and_held(customer) == (5000, 0)
    assert Deposit.objects.get().state == Deposit.State.CREDITED
    assert ProviderEvent.objects.get().processed_at is not None


def test_the_same_webhook_a_hundred_times_has_one_effect(shop):
    customer = customer_with()
    payment_id = pay(shop, customer)

    now = str(int(time.time()))
    answers = [notify(payment_id, request_id="same", ts=now).status_code for _ in range(100)]
    drain()

    assert set(answers) == {200}
    assert ProviderEvent.objects.count() == 1
    assert PaymentTask.objects.filter(kind=PaymentTask.Kind.READ_PAYMENT).count() == 1
    assert posted_and_held(customer) == (5000, 0)


def test_a_hundred_different_webhooks_about_one_payment_credit_once(shop):
    customer = customer_with()
    payment_id = pay(shop, customer)

    for _ in range(100):
        notify(payment_id)
    drain()

    assert ProviderEvent.objects.count() == 100
    assert posted_and_held(customer) == (5000, 0)


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "another secret"},
        {"ts": "1500000000"},
        {"ts": "9900000000"},
        {"signature": "ts=1,v1=00"},
        {"signature": "nonsense"},
        {"signature": "ts=\xe9,v1=\xfc"},
    ],
    ids=["secret", "old", "future", "digest", "form", "alphabet"],
)
def test_a_forged_webhook_is_refused_and_leaves_nothing(shop, forgery):
    payment_id = pay(shop, customer_with())
    before = PaymentTask.objects.count()

    answer = notify(payment_id, **forgery)

    assert (answer.status_code, answer.json()["code"]) == (403, "webhook_refused")
    assert ProviderEvent.objects.count() == 0
    assert PaymentTask.objects.count() == before


def test_without_a_signature_or_without_mercado_pago(shop, settings):
    assert APIClient().post(URL, {}, format="json").status_code == 403
    settings.MERCADOPAGO_ACCESS_TOKEN = ""

    assert notify("1").status_code == 404
    assert ProviderEvent.objects.count() == 0


def test_a_webhook_for_an_unknown_payment_is_asked_about_and_moves_nothing(shop):
    assert notify("999999").status_code == 200
    drain()

    task = PaymentTask.objects.get()
    assert task.state == PaymentTask.State.UNKNOWN
    assert Journal.objects.count() == ProviderPayment.objects.count() == 0
    assert ProviderEvent.objects.get().processed_at is None


def test_a_payment_of_something_else_the_shop_sells_is_set_aside(shop):
    payment_id = pay(shop, customer_with(), external_reference="order-4711")

    notify(payment_id)
    drain()

    assert ProviderPayment.objects.get().quarantine == ProviderPayment.Quarantine.REFERENCE
    assert Journal.objects.count() == 0


def test_a_payment_to_another_account_is_set_aside(shop):
    payment_id = pay(shop, customer_with(), collector_id=666)

    notify(payment_id)
    drain()

    assert ProviderPayment.objects.get().quarantine == ProviderPayment.Quarantine.RECEIVER
    assert Journal.objects.count() == 0


def test_the_body_is_not_believed(shop):
    customer = customer_with()
    payment_id = pay(shop, customer)

    answer = notify(payment_id, body=b"\xff{not json" * 100)
    drain()

    assert answer.status_code == 200
    assert posted_and_held(customer) == (5000, 0)


def test_webhooks_out_of_order_end_where_the_payment_is(shop):
    customer = customer_with()
    payment_id = pay(shop, customer, status="pending")
    notify(payment_id)
    shop.account.change_payment(str(payment_id), "approved")
    notify(payment_id)
    shop.account.change_payment(str(payment_id), "charged_back")
    notify(payment_id)

    drain()

    assert Deposit.objects.get().state == Deposit.State.CHARGED_BACK
    assert posted_and_held(customer) == (0, 0)


def test_without_any_webhook_the_deposit_is_found_paid(shop):
    customer = customer_with()
    pay(shop, customer)
    Deposit.objects.update(next_check_at=LONG_AGO)

    assert check_unsettled() == 1

    assert posted_and_held(customer) == (5000, 0)
    assert ReconciliationFinding.objects.get().kind == ReconciliationFinding.Kind.LOST_WEBHOOK


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_same_webhook_many_times_at_once_has_one_effect(shop):
    customer = customer_with()
    payment_id = pay(shop, customer)
    statuses: list[int] = []
    now = str(int(time.time()))

    race(lambda _number: statuses.append(notify(payment_id, request_id="same", ts=now).status_code), 10)
    drain()

    assert set(statuses) == {200}
    assert posted_and_held(customer) == (5000, 0)
