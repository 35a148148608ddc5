"""What carts cost, how long they are kept, who may make how many, and what a checkout takes of them."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.core.erasure import erase_person
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_customer, make_promo, make_variant
from purchases.carts import services
from purchases.carts.errors import TooManyCouponsError
from purchases.carts.models import Cart, CartLine
from purchases.carts.services import upkeep
from purchases.carts.tasks import drop_abandoned_carts
from purchases.carts.tokens import token_of
from purchases.carts.values import Holder

from .factories import filled_cart

pytestmark = pytest.mark.django_db

CART = "/api/v1/cart/"
ITEMS = "/api/v1/cart/items/"
COUPONS = "/api/v1/cart/coupons/"


def queries_of(call: Any) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert call().status_code < 300
    return len(captured)


def test_looking_costs_the_same_whatever_the_number_of_lines(api):
    customer = make_customer()
    api.force_authenticate(customer)
    card = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card
    services.add_reserved_unit(customer_id=customer.pk, reservation_id=card.reservation_id, at=timezone.now())
    filled_cart(customer=customer)
    api.get(CART)  # the rules are read once for all
    few = queries_of(lambda: api.get(CART))

    for _ in range(12):
        filled_cart(customer=customer)

    assert queries_of(lambda: api.get(CART)) == few
    assert few <= 9


def test_adding_costs_the_same_whatever_the_number_of_lines(api):
    cart = filled_cart()
    headers = {"X-Cart-Token": token_of(cart.pk)}
    api.get(CART, headers=headers)  # the rules are read once for all
    variants = [make_variant() for _ in range(2)]
    calls = [
        lambda: api.post(ITEMS, {"variant": str(variants[0].pk)}, format="json", headers=headers),
        lambda: api.post(ITEMS, {"variant": str(variants[1].pk)}, format="json", headers=headers),
    ]
    few = queries_of(calls[0])
    for _ in range(8):
        filled_cart(cart=cart)

    assert queries_of(calls[1]) == few


def test_carts_that_strangers_left_are_dropped_and_no_others(settings, monkeypatch):
    settings.CART_DAYS = 30
    monkeypatch.setattr(upkeep, "BATCH", 2)
    now = timezone.now()
    left, kept, mine = [filled_cart() for _ in range(5)], filled_cart(), filled_cart(customer=make_customer())
    Cart.objects.exclude(pk=kept.pk).update(touched_at=now - timedelta(days=31))
    Cart.objects.filter(pk=kept.pk).update(touched_at=now - timedelta(days=29))

    dropped = services.drop_abandoned(at=now)
    again = services.drop_abandoned(at=now)
    drop_abandoned_carts()

    assert (dropped, again) == (len(left), 0)
    assert set(Cart.objects.values_list("pk", flat=True)) == {kept.pk, mine.pk}
    assert CartLine.objects.count() == 2


def test_looking_keeps_no_cart_alive_and_changing_does(api):
    cart = filled_cart()
    old = timezone.now() - timedelta(days=40)
    Cart.objects.update(touched_at=old)

    api.get(CART, headers={"X-Cart-Token": token_of(cart.pk)})
    assert Cart.objects.get().touched_at == old
    filled_cart(cart=cart)
    assert Cart.objects.get().touched_at > old


def test_the_cart_goes_with_the_person():
    customer = make_customer()
    filled_cart(customer=customer)
    other = filled_cart(customer=make_customer())

    erase_person(customer.pk)

    assert Cart.objects.get() == other


def test_strangers_carts_are_limited_by_address_and_nobody_elses(api, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "carts": "2/hour"}
    variant = make_variant()

    def make(**headers: str) -> Any:
        return api.post(ITEMS, {"variant": str(variant.pk)}, format="json", headers=headers)

    token = make().json()["token"]
    make()
    refused = make()
    mine = make(**{"X-Cart-Token": token})
    api.force_authenticate(make_customer())
    customers = make()

    assert (refused.status_code, mine.status_code, customers.status_code) == (429, 201, 201)
    assert Cart.objects.filter(customer__isnull=True).count() == 2


def test_a_checkout_takes_everything_and_the_coupons():
    customer = make_customer()
    filled_cart(customer=customer, quantity=2)
    filled_cart(customer=customer)
    Cart.objects.update(coupons=["VERANO"])

    with transaction.atomic():
        cart = services.lock_cart(customer.pk)
        assert cart is not None
        services.clear(cart, timezone.now())

    rest = Cart.objects.get()
    assert (rest.lines.count(), rest.currency, rest.coupons) == (0, "", [])


def test_somebody_without_a_cart_has_none_to_lock():
    with transaction.atomic():
        assert services.lock_cart(make_customer().pk) is None


@pytest.fixture
def summer(monkeypatch):
    """Codes SUMMER0 … SUMMER9 exist, in upper case or lower."""
    known = {f"summer{number}" for number in range(10)}

    def rules(codes: Any, at: Any) -> dict[str, Any]:
        return {code: uuid4() for code in codes if code.casefold() in known}

    monkeypatch.setattr("purchases.carts.services.coupons.coupon_rules", rules)
    return SimpleNamespace(code="SUMMER0")


def test_a_coupon_is_entered_once_and_taken_out(api, summer):
    token = token_of(filled_cart().pk)
    headers = {"X-Cart-Token": token}

    entered = [
        api.post(COUPONS, {"code": code}, format="json", headers=headers) for code in ("SUMMER0", "SUMMER1", "summer0")
    ]
    removed = api.delete(f"{COUPONS}summer1/", headers=headers)
    again = api.delete(f"{COUPONS}summer1/", headers=headers)

    assert [answer.status_code for answer in entered] == [200, 200, 200]
    assert entered[-1].json()["coupons"] == ["SUMMER0", "SUMMER1"]
    assert (removed.status_code, api.get(CART, headers=headers).json()["coupons"]) == (204, ["SUMMER0"])
    assert (again.status_code, again.json()["code"]) == (404, "coupon_not_found")


def test_a_stranger_may_enter_a_coupon_first(api, summer):
    answer = api.post(COUPONS, {"code": "SUMMER0"}, format="json")

    assert (answer.status_code, answer.json()["coupons"]) == (200, ["SUMMER0"])
    assert answer.json()["token"]


@pytest.mark.parametrize("code", ["WINTER", "' OR 1=1", "ñandú"])
def test_an_unknown_coupon_is_not_found_and_nothing_happens(api, summer, code):
    answer = api.post(COUPONS, {"code": code}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")
    assert not Cart.objects.exists()


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 5}, {"code": "x" * 41}, {"code": None}])
def test_what_is_no_code_is_refused(api, summer, body):
    answer = api.post(COUPONS, body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "code")
    assert not Cart.objects.exists()


def test_a_cart_takes_five_coupons(summer):
    cart = filled_cart()
    for number in range(5):
        services.add_coupon(holder=Holder(cart_id=cart.pk), code=f"SUMMER{number}", at=timezone.now())

    with pytest.raises(TooManyCouponsError):
        services.add_coupon(holder=Holder(cart_id=cart.pk), code="SUMMER5", at=timezone.now())

    assert len(Cart.objects.get().coupons) == 5


def test_another_origins_browser_may_send_the_token(client, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://shop.example"]
    asked = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-cart-token,idempotency-key,if-match",
    }

    allowed = client.options(CART, headers=asked)["Access-Control-Allow-Headers"]

    assert {"x-cart-token", "idempotency-key", "if-match"} <= set(allowed.split(", "))
