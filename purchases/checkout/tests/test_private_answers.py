"""What carts, checkout, orders and payments answer is one person's: no cache keeps it, neither refusals nor repeats."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from promotions.flash.tests.factories import make_variant
from purchases.checkout.values import PaymentPlan
from purchases.shipments.tests.factories import take_to

from .factories import bought, fill, shopper

pytestmark = pytest.mark.django_db
CART, CHECKOUT, ORDERS, PAYMENTS = (f"/api/v1/{name}/" for name in ("cart", "checkout", "orders", "payments"))


def is_kept_by_nobody(answer, status: int) -> None:
    assert answer.status_code == status, answer.content
    assert answer.headers.get("Cache-Control") == "no-store"


def post(api, path, body, key=None):
    return api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key or uuid4().hex)


def test_a_strangers_cart_and_its_token(api):
    added = post(api, f"{CART}items/", {"variant": str(make_variant().pk), "quantity": 1})
    is_kept_by_nobody(added, 201)
    api.credentials(HTTP_X_CART_TOKEN=added.json()["token"])
    line = f"{CART}items/{added.json()['lines'][0]['id']}/"

    is_kept_by_nobody(api.get(CART), 200)
    is_kept_by_nobody(api.patch(line, {"quantity": 2}, format="json"), 200)
    is_kept_by_nobody(api.patch(line, {"quantity": -1}, format="json"), 400)
    is_kept_by_nobody(api.delete(line), 204)
    is_kept_by_nobody(post(api, f"{CART}coupons/", {"code": "NONE"}), 404)
    is_kept_by_nobody(api.delete(CART), 204)
    api.credentials(HTTP_X_CART_TOKEN="forged")
    is_kept_by_nobody(api.get(CART), 404)


def test_carts_that_become_one(api):
    token = post(api, f"{CART}items/", {"variant": str(make_variant().pk), "quantity": 1}).json()["token"]
    api.force_authenticate(shopper())

    is_kept_by_nobody(post(api, f"{CART}merge/", {"token": token}), 200)


def test_a_purchase_its_repetition_and_its_refusals(api):
    customer = shopper()
    fill(customer, 1)
    is_kept_by_nobody(post(api, CHECKOUT, {"payment": "wallet"}), 401)
    api.force_authenticate(customer)

    is_kept_by_nobody(post(api, CHECKOUT, {"payment": "wallet"}, "one"), 201)
    is_kept_by_nobody(post(api, CHECKOUT, {"payment": "wallet"}, "one"), 201)
    is_kept_by_nobody(post(api, CHECKOUT, {"payment": "wallet"}), 409)
    is_kept_by_nobody(post(api, CHECKOUT, {"payment": "pesos"}), 400)


def test_an_order_its_returns_and_its_end(api):
    customer = shopper()
    order, arrived = bought(customer, 1), bought(customer, 1)
    take_to(arrived, "packed", "shipped", "delivered")
    asked = {"lines": [{"line": str(arrived.lines.get().pk), "quantity": 1}], "reason": "Too small"}
    api.force_authenticate(customer)

    is_kept_by_nobody(api.get(ORDERS), 200)
    is_kept_by_nobody(api.get(f"{ORDERS}{order.pk}/"), 200)
    is_kept_by_nobody(api.get(f"{ORDERS}{uuid4()}/"), 404)
    is_kept_by_nobody(post(api, f"{ORDERS}{order.pk}/cancel/", {}), 200)
    is_kept_by_nobody(post(api, f"{ORDERS}{arrived.pk}/cancel/", {}), 409)
    is_kept_by_nobody(post(api, f"{ORDERS}{arrived.pk}/returns/", asked), 201)
    is_kept_by_nobody(api.get(f"{ORDERS}{arrived.pk}/returns/"), 200)
    is_kept_by_nobody(APIClient().get(ORDERS), 401)


def test_a_payment_and_where_it_is_made(api):
    customer = shopper()
    order = bought(customer, 1, plan=PaymentPlan(provider="sandbox"))
    api.force_authenticate(customer)

    page = api.get(PAYMENTS)

    is_kept_by_nobody(page, 200)
    is_kept_by_nobody(api.get(f"{PAYMENTS}{page.json()['results'][0]['id']}/"), 200)
    is_kept_by_nobody(post(api, PAYMENTS, {"order": str(order.pk), "payment": "wallet"}), 409)


def test_what_everybody_may_see_says_nothing_of_the_kind(api):
    assert "Cache-Control" not in api.get("/api/v1/market/products/").headers
