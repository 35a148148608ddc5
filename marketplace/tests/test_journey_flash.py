"""The main job through HTTP: near a store, a promotion a moment old, a unit, the wallet, an order, a message."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from marketplace.core.outbox.relay import drain

from . import journeys as j

RESERVATIONS = "/api/v1/promotions/promo-reservations/"


def complete(client, reservation, **headers):
    return client.post(f"{RESERVATIONS}{reservation['id']}/complete/", {}, format="json", **(headers or j.key()))


@pytest.mark.django_db
def test_a_customer_near_the_store_buys_the_unit_and_is_told():
    staff = j.administrator()
    customer = j.registered_customer()
    j.deposit(customer, "500.00")
    promo = j.running_promo(staff)
    drain()

    eligible = j.ok(customer.get("/api/v1/promotions/flash-promos/eligible/"))["results"]
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)
    answer = j.ok(complete(customer, reservation))
    drain()

    assert [row["id"] for row in eligible] == [promo["id"]]
    assert 0 < reservation["seconds_left"] <= 60
    assert answer["reservation"]["state"] == "completed"
    assert answer["order"]["state"] == "paid"
    assert answer["order"]["total"] == j.money("199.00")
    order = j.ok(customer.get(f"/api/v1/orders/{answer['order']['id']}/"))
    assert [(line["quantity"], line["unit_price"]) for line in order["lines"]] == [(1, j.money("199.00"))]
    assert order["applied_benefits"][0]["kind"] == "flash"
    assert order["payment_state"] == "paid"
    assert j.available(customer) == "301.00"
    kinds = [row["kind"] for row in j.ok(customer.get("/api/v1/notifications/"))["results"]]
    assert "order_paid" in kinds
    assert "flash_started" in kinds
    assert j.ok(staff.get(f"/api/v1/promotions/flash-promos/{promo['id']}/"))["state"] == "sold_out"


@pytest.mark.django_db
def test_too_little_money_is_refused_and_the_hold_stays():
    customer = j.registered_customer()
    j.deposit(customer, "100.00")
    promo = j.running_promo(j.administrator())
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)

    refusal = j.ok(complete(customer, reservation), 409)

    assert refusal["code"] == "insufficient_funds"
    assert j.available(customer) == "100.00"
    assert j.ok(customer.get("/api/v1/orders/"))["results"] == []
    assert j.ok(customer.get(f"{RESERVATIONS}{reservation['id']}/"))["state"] == "held"
    j.deposit(customer, "100.00")
    assert j.ok(complete(customer, reservation))["order"]["state"] == "paid"


@pytest.mark.django_db
def test_completing_twice_gives_the_same_answer_and_takes_the_money_once():
    customer = j.registered_customer()
    j.deposit(customer, "500.00")
    promo = j.running_promo(j.administrator())
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)
    same_key = j.key()

    first = j.ok(complete(customer, reservation, **same_key))
    replay = j.ok(complete(customer, reservation, **same_key))
    again = j.ok(complete(customer, reservation))

    assert first == replay
    assert again["order"] == first["order"]
    assert j.available(customer) == "301.00"
    assert len(j.ok(customer.get("/api/v1/orders/"))["results"]) == 1


@pytest.mark.django_db
def test_somebody_else_cannot_complete_or_see_it():
    promo = j.running_promo(j.administrator())
    owner, stranger = j.registered_customer(), j.registered_customer()
    j.deposit(stranger, "500.00")
    reservation = j.ok(owner.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)

    j.ok(complete(stranger, reservation), 404)
    j.ok(stranger.get(f"{RESERVATIONS}{reservation['id']}/"), 404)

    assert j.available(stranger) == "500.00"
    held = j.ok(stranger.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 409)
    assert held["code"] == "promo_already_held"
    assert 0 < held["seconds_left"] <= 60


@pytest.mark.django_db
def test_completion_keeps_its_query_budget():
    customer = j.registered_customer()
    j.deposit(customer, "500.00")
    promo = j.running_promo(j.administrator())
    reservation = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 201)

    with CaptureQueriesContext(connection) as queries:
        j.ok(complete(customer, reservation))

    statements = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    # The ledger is one call on PostgreSQL and several statements on SQLite.
    budget = 21 if connection.vendor == "postgresql" else 28
    assert len(statements) <= budget, "\n".join(statements)


@pytest.mark.django_db
def test_an_unverified_customer_may_not_reserve():
    promo = j.running_promo(j.administrator())
    client = APIClient()
    body = {"email": "new@example.com", "password": j.PASSWORD}
    j.ok(client.post("/api/v1/users/", body, format="json"), 202)
    access = j.ok(client.post("/api/v1/auth/token/", body, format="json"))["access"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")

    refusal = j.ok(client.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 403)

    assert refusal["code"] == "email_not_verified"
    assert j.ok(j.administrator().get(f"/api/v1/promotions/flash-promos/{promo['id']}/"))["units_left"] == 1


@pytest.mark.django_db
def test_far_away_is_refused_with_the_rule_that_failed():
    promo = j.running_promo(j.administrator())
    customer = j.registered_customer(place={"latitude": 20.6597, "longitude": -103.3496})

    refusal = j.ok(customer.post(RESERVATIONS, {"promo": promo["id"]}, format="json"), 403)

    assert refusal["code"] == "not_eligible"
    assert refusal["failed_rules"] == ["distance"]
    assert j.ok(customer.get("/api/v1/promotions/flash-promos/eligible/"))["results"] == []
