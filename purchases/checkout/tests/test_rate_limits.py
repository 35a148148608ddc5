"""Codes cannot be guessed without end, and purchases have a pace."""

from uuid import uuid4

import pytest

from purchases.carts.tests.factories import filled_cart
from purchases.carts.tokens import token_of
from purchases.models import Order

from .factories import shopper

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", ["signed in", "with a token"])
def test_coupon_codes_are_tried_so_often_and_no_more(api, settings, who):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "coupons": "3/day"}
    headers = {}
    if who == "signed in":
        api.force_authenticate(shopper(0))
    else:
        headers = {"X-Cart-Token": token_of(filled_cart().pk)}

    answers = [
        api.post("/api/v1/cart/coupons/", {"code": f"GUESS{number}"}, format="json", headers=headers).status_code
        for number in range(5)
    ]

    assert answers == [404, 404, 404, 429, 429]


def test_a_person_buys_so_often_and_no_more(api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "checkout": "2/day"}
    api.force_authenticate(shopper(0))

    answers = [
        api.post("/api/v1/checkout/", {"payment": "wallet"}, format="json", HTTP_IDEMPOTENCY_KEY=uuid4().hex)
        for _time in range(3)
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 429]
    assert "Retry-After" in answers[-1]
    assert not Order.objects.exists()
