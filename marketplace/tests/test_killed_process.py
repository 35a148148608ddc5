"""kill -9 in the middle of a sale: after a restart nothing is lost and nothing is doubled."""

import pytest

from marketplace.core.outbox.relay import drain

from . import journeys as j
from .killing import killed_posting

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

RESERVATIONS = "/api/v1/promotions/promo-reservations/"


@pytest.fixture
def sale():
    """A funded customer beside a running promotion of one unit."""
    staff, customer = j.administrator(), j.registered_customer()
    j.deposit(customer, "500.00")
    promo = j.running_promo(staff)
    drain()
    me = j.ok(customer.get("/api/v1/users/me/"))["id"]
    return customer, promo, me


def test_killed_between_claim_and_answer_the_customer_finds_the_same_hold(sale):
    customer, promo, me = sale

    killed_posting(me, RESERVATIONS, {"promo": promo["id"]}, "unused", after="commit")

    mine = j.ok(customer.get(RESERVATIONS))["results"]
    assert [row["state"] for row in mine] == ["held"]
    again = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"))
    assert again["id"] == mine[0]["id"]
    assert again["expires_at"] == mine[0]["expires_at"]
    j.ok(customer.post(f"{RESERVATIONS}{again['id']}/complete/", {}, format="json", **j.key()))
    assert j.available(customer) == "301.00"


def test_killed_between_commit_and_events_the_sale_stands_once_and_is_told_once(sale):
    customer, promo, me = sale
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)
    path = f"{RESERVATIONS}{reservation['id']}/complete/"

    killed_posting(me, path, {}, "the-key", after="commit")

    answer = j.ok(customer.post(path, {}, format="json", HTTP_IDEMPOTENCY_KEY="the-key"))
    drain()
    orders = j.ok(customer.get("/api/v1/orders/"))["results"]
    assert [order["id"] for order in orders] == [answer["order"]["id"]]
    assert j.available(customer) == "301.00"
    kinds = [row["kind"] for row in j.ok(customer.get("/api/v1/notifications/"))["results"]]
    assert kinds.count("order_paid") == 1


def test_killed_before_the_commit_nothing_happened_and_the_hold_is_still_good(sale):
    customer, promo, me = sale
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)
    path = f"{RESERVATIONS}{reservation['id']}/complete/"

    killed_posting(me, path, {}, "the-key", after="purchases.flash_sales.services:funds.pay_order")

    assert j.available(customer) == "500.00"
    assert j.ok(customer.get("/api/v1/orders/"))["results"] == []
    assert j.ok(customer.get(f"{RESERVATIONS}{reservation['id']}/"))["state"] == "held"
    assert j.ok(customer.post(path, {}, format="json", HTTP_IDEMPOTENCY_KEY="the-key"))["order"]["state"] == "paid"
    assert j.available(customer) == "301.00"
