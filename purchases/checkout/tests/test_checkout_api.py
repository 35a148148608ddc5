"""The checkout over HTTP: answers, refusals, and what one purchase costs the database."""

from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from purchases.models import CartLine, Order
from users.facade import access_token

from .factories import PRICE, bought, fill, home_of, shopper

pytestmark = pytest.mark.django_db
CHECKOUT, ORDERS, PAYMENTS = "/api/v1/checkout/", "/api/v1/orders/", "/api/v1/payments/"


def post(api, path, body, key=None):
    return api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key or uuid4().hex)


def test_what_is_in_the_cart_is_bought_and_explained(api):
    customer = shopper()
    fill(customer, 2)
    address, campaign = home_of(customer), make_campaign()
    api.force_authenticate(customer)

    answer = post(api, CHECKOUT, {"payment": "wallet", "shipping_address": str(address.pk)})

    body = answer.json()
    assert answer.status_code == 201
    assert (body["state"], body["payment_state"], body["fulfilment_state"]) == ("paid", "paid", "waiting")
    assert body["payment"]["state"] == "paid"
    assert body["total"] == {"amount": "628.20", "currency": "MXN"}
    assert [(each["rule"], each["amount"]["amount"]) for each in body["applied_benefits"]] == [
        (str(campaign.pk), "69.80")
    ]
    assert body["shipping_address"]["city"] == "Puebla"
    assert api.get(f"{ORDERS}{body['id']}/").json() == {name: body[name] for name in body if name != "payment"}


@pytest.mark.postgres
def test_one_purchase_of_three_lines_costs_at_most_twenty_one_queries(api):
    customer, before = shopper(), shopper()
    fill(customer, 1, 2, 3)
    bought(before, 1)  # the process knows the rule book
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token(customer.pk)}")

    with CaptureQueriesContext(connection) as asked:
        assert post(api, CHECKOUT, {"payment": "wallet"}).status_code == 201

    statements = [query["sql"] for query in asked if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    # Twenty, and one for vouchers; the purchase goes to the inbox of events in the same transaction.
    assert len(statements) <= 21, "\n".join(statements)


def test_the_same_key_buys_once_and_a_second_click_finds_an_empty_cart(api):
    customer = shopper()
    fill(customer, 1)
    api.force_authenticate(customer)
    first = post(api, CHECKOUT, {"payment": "wallet"}, key="one")

    again = post(api, CHECKOUT, {"payment": "wallet"}, key="one")
    click = post(api, CHECKOUT, {"payment": "wallet"}, key="two")

    assert again.json() == first.json()
    assert (click.status_code, click.json()["code"]) == (409, "cart_empty")
    assert Order.objects.count() == 1


def test_another_total_than_the_accepted_one_is_refused_with_what_it_is(api):
    customer = shopper()
    fill(customer, 1)
    api.force_authenticate(customer)

    answer = post(api, CHECKOUT, {"payment": "wallet", "expected_total": {"amount": "300.00", "currency": "MXN"}})

    assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert answer.json()["total"] == {"amount": "349.00", "currency": "MXN"}
    assert answer.json()["difference"] == {"amount": "49.00", "currency": "MXN"}
    assert CartLine.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payment": "cash"},
        {"payment": 7},
        {"payment": {"wallet": {"amount": "1.00", "currency": "MXN"}}},
        {"payment": {"wallet": {"amount": "1.00", "currency": "MXN"}, "bank": {"amount": "1.00", "currency": "MXN"}}},
        {"payment": {"wallet": {"amount": "-1", "currency": "MXN"}, "sandbox": {"amount": "1.00", "currency": "MXN"}}},
        {"payment": "wallet", "expected_total": {"amount": "x", "currency": "MXN"}},
        {"payment": "wallet", "shipping_address": "home"},
        {"payment": "wallet", "shipping_rates": {"x": "y"}},
        {"payment": "wallet", "shipping_rates": {"x": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2"}},
    ],
)
def test_a_body_that_makes_no_sense_is_refused(api, body):
    customer = shopper()
    fill(customer, 1)
    api.force_authenticate(customer)

    assert post(api, CHECKOUT, body).status_code == 400

    assert not Order.objects.exists()
    assert CartLine.objects.count() == 1


def test_a_rate_that_the_store_does_not_have_is_refused(api):
    customer = shopper()
    (variant,) = fill(customer, 1)
    api.force_authenticate(customer)

    answer = post(api, CHECKOUT, {"payment": "wallet", "shipping_rates": {str(variant.store_id): str(uuid4())}})

    assert answer.status_code in {404, 409}
    assert not Order.objects.exists()


def test_only_verified_customers_buy(api):
    assert post(api, CHECKOUT, {"payment": "wallet"}).status_code == 401
    customer = shopper(email_verified_at=None)
    api.force_authenticate(customer)

    answer = post(api, CHECKOUT, {"payment": "wallet"})

    assert (answer.status_code, answer.json()["code"]) == (403, "email_not_verified")


def test_an_order_is_called_off_over_http_and_twice_answers_the_same(api):
    customer = shopper()
    order = bought(customer, 1)
    api.force_authenticate(customer)

    first = post(api, f"{ORDERS}{order.pk}/cancel/", {"reason": "Ordered twice."})
    second = post(api, f"{ORDERS}{order.pk}/cancel/", {})

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert second.json()["state"] == "cancelled"
    api.force_authenticate(shopper(0))
    assert post(api, f"{ORDERS}{order.pk}/cancel/", {}).status_code == 404


def test_a_waiting_order_is_paid_again_over_http(api):
    customer = shopper()
    fill(customer, 1)
    api.force_authenticate(customer)
    order = post(api, CHECKOUT, {"payment": "sandbox"}).json()
    assert order["payment"]["state"] == "awaiting"

    answer = post(api, PAYMENTS, {"order": order["id"], "payment": "wallet"})

    assert (answer.status_code, answer.json()["code"]) == (409, "order_payment_exists")
    drain()
    assert api.get(f"{ORDERS}{order['id']}/").json()["state"] == "paid"
    assert api.get(PAYMENTS).json()["results"][0]["total"]["amount"] == f"{PRICE / 100:.2f}"
