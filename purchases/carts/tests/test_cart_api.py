"""Carts over HTTP: strangers by token, customers by account; what moved and what is gone is shown."""

from typing import Any
from uuid import uuid4

import pytest

from promotions.flash.services.claims import cancel_reservation, claim_sale, reserve_unit
from promotions.flash.tests.factories import let_lapse, make_customer, make_promo, make_variant
from purchases.carts.models import Cart, CartLine
from stores.catalog.models import Product, Variant
from stores.inventory.models import StockItem
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory

from .factories import filled_cart

pytestmark = pytest.mark.django_db

CART = "/api/v1/cart/"
ITEMS = "/api/v1/cart/items/"
COUPONS = "/api/v1/cart/coupons/"


def pesos(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def put(api: Any, variant: Any, quantity: int = 1, token: str | None = None) -> Any:
    headers = {"X-Cart-Token": token} if token else {}
    return api.post(ITEMS, {"variant": str(variant.pk), "quantity": quantity}, format="json", headers=headers)


def everything() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values_list()) for model in (Cart, CartLine)]


@pytest.fixture
def customer(api):
    """Signed in."""
    user = make_customer()
    api.force_authenticate(user)
    return user


def test_a_stranger_gets_a_cart_with_a_token_that_names_it(api):
    variant = make_variant()

    made = put(api, variant, 2)

    assert made.status_code == 201, made.json()
    token = made.json()["token"]
    seen = api.get(CART, headers={"X-Cart-Token": token}).json()
    assert seen == made.json()
    (line,) = seen["lines"]
    assert (line["variant"], line["quantity"], line["sku"]) == (str(variant.pk), 2, variant.sku)
    assert (line["unit_price"], line["price_was"], line["total"]) == (pesos("349.00"), None, pesos("698.00"))
    assert (line["available"], line["is_available"], line["reservation"]) == (20, True, None)
    assert (seen["total"], seen["discount"], seen["currency"]) == (pesos("698.00"), pesos("0.00"), "MXN")
    assert (seen["applied_benefits"], seen["rejected_promotions"], seen["unavailable"], seen["coupons"]) == (
        [],
        [],
        [],
        [],
    )


@pytest.mark.parametrize("is_signed_in", [True, False])
def test_looking_makes_no_cart(api, is_signed_in):
    if is_signed_in:
        api.force_authenticate(make_customer())

    seen = api.get(CART)

    assert (seen.status_code, seen.json()["token"], seen.json()["lines"]) == (200, None, [])
    assert seen.json()["total"] == pesos("0.00")
    assert not Cart.objects.exists()


def test_a_customers_cart_needs_no_token_and_passes_one_over(api, customer):
    stranger = filled_cart()
    token = api.__class__()  # a client of nobody
    foreign = put(token, make_variant()).json()["token"]

    made = put(api, make_variant(), token=foreign)

    assert (made.status_code, made.json()["token"], len(made.json()["lines"])) == (201, None, 1)
    assert Cart.objects.get(customer=customer).lines.count() == 1
    assert stranger.lines.count() == 1


def test_the_same_variant_again_adds_up_on_one_line(api):
    variant, other = make_variant(), make_variant()
    token = put(api, variant, 2).json()["token"]

    put(api, other, 1, token)
    again = put(api, variant, 3, token)

    assert [(line["variant"], line["quantity"]) for line in again.json()["lines"]] == [
        (str(variant.pk), 5),
        (str(other.pk), 1),
    ]


def test_quantity_is_one_unless_said(api):
    made = api.post(ITEMS, {"variant": str(make_variant().pk)}, format="json")

    assert made.json()["lines"][0]["quantity"] == 1


def test_lines_are_changed_and_taken_out_and_the_cart_is_emptied(api):
    token = put(api, make_variant(), 2).json()["token"]
    lines = put(api, make_variant(), 1, token).json()["lines"]
    headers = {"X-Cart-Token": token}

    changed = api.patch(f"{ITEMS}{lines[0]['id']}/", {"quantity": 7}, format="json", headers=headers)
    removed = api.delete(f"{ITEMS}{lines[1]['id']}/", headers=headers)
    left = api.get(CART, headers=headers).json()
    emptied = api.delete(CART, headers=headers)
    empty = api.get(CART, headers=headers).json()

    assert (changed.status_code, changed.json()["lines"][0]["quantity"]) == (200, 7)
    assert removed.status_code == 204
    assert [(line["id"], line["quantity"]) for line in left["lines"]] == [(lines[0]["id"], 7)]
    assert (emptied.status_code, empty["lines"], empty["token"]) == (204, [], token)


@pytest.mark.parametrize(
    "token",
    ["forged", "0198c0df1b7e7f009d3c52f1c7a0e6b2:YbU3q2x7wP0c6kq1VvJ0o0m2mB8S8aQyX3Q1C2mV0wI", "\xff:\xff", "x" * 3000],
)
def test_a_forged_token_is_no_cart_anywhere(api, token):
    cart = filled_cart()
    before, headers = everything(), {"X-Cart-Token": token}
    line = cart.lines.get()

    answers = [
        api.get(CART, headers=headers),
        api.delete(CART, headers=headers),
        put(api, make_variant(), 1, token),
        api.patch(f"{ITEMS}{line.pk}/", {"quantity": 2}, format="json", headers=headers),
        api.delete(f"{ITEMS}{line.pk}/", headers=headers),
        api.delete(f"{COUPONS}X/", headers=headers),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers[:-1]} == {(404, "cart_not_found")}
    assert answers[-1].status_code == 404
    assert everything() == before


def test_the_token_of_a_cart_that_is_gone_is_no_cart(api):
    token = put(api, make_variant()).json()["token"]
    Cart.objects.all().delete()

    answers = [api.get(CART, headers={"X-Cart-Token": token}), put(api, make_variant(), 1, token)]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "cart_not_found")}
    assert not Cart.objects.exists()


def test_a_customers_cart_has_no_token_to_open_it(api, customer):
    put(api, make_variant())
    mine = Cart.objects.get()
    token = put(api.__class__(), make_variant()).json()["token"]
    Cart.objects.filter(customer__isnull=True).update(customer=make_customer())

    opened = api.__class__().get(CART, headers={"X-Cart-Token": token})

    assert opened.status_code == 404
    assert mine.lines.count() == 1


def test_lines_of_others_are_not_found(api, customer):
    line = filled_cart(customer=make_customer()).lines.get()
    before = everything()

    answers = [
        api.patch(f"{ITEMS}{line.pk}/", {"quantity": 2}, format="json"),
        api.delete(f"{ITEMS}{line.pk}/"),
        api.__class__().delete(f"{ITEMS}{line.pk}/"),
    ]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "cart_line_not_found")}
    assert everything() == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "variant"),
        ({"quantity": 1}, "variant"),
        ({"variant": "x", "quantity": 1}, "variant"),
        ({"variant": str(uuid4()), "reservation": str(uuid4())}, "variant"),
        ({"variant": str(uuid4()), "quantity": 0}, "quantity"),
        ({"variant": str(uuid4()), "quantity": -1}, "quantity"),
        ({"variant": str(uuid4()), "quantity": 1000}, "quantity"),
        ({"variant": str(uuid4()), "quantity": "2"}, "quantity"),
        ({"variant": str(uuid4()), "quantity": 1.5}, "quantity"),
        ({"variant": str(uuid4()), "quantity": None}, "quantity"),
        ({"reservation": str(uuid4()), "quantity": 2}, "quantity"),
    ],
)
def test_what_cannot_be_read_is_refused_and_makes_no_cart(api, body, field):
    answer = api.post(ITEMS, body, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert not Cart.objects.exists()


def test_an_unknown_variant_is_not_found(api):
    answer = api.post(ITEMS, {"variant": str(uuid4()), "quantity": 1}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (404, "variant_not_found")
    assert not Cart.objects.exists()


def switch_off(variant: Any, how: str) -> None:
    match how:
        case "variant":
            Variant.objects.filter(pk=variant.pk).update(is_active=False)
        case "product":
            Product.objects.filter(pk=variant.product_id).update(is_published=False)
        case "store":
            Store.objects.filter(pk=variant.store_id).update(state=Store.State.PAUSED)


@pytest.mark.parametrize("how", ["variant", "product", "store"])
def test_what_is_not_for_sale_is_not_put_in(api, how):
    variant = make_variant()
    switch_off(variant, how)

    answer = put(api, variant)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_sellable")
    assert not Cart.objects.exists()


@pytest.mark.parametrize("how", ["variant", "product", "store"])
def test_what_went_out_of_sale_later_is_shown_and_not_counted(api, how):
    gone, there = make_variant(), make_variant()
    token = put(api, gone).json()["token"]
    put(api, there, 1, token)
    switch_off(gone, how)
    before = everything()

    seen = api.get(CART, headers={"X-Cart-Token": token}).json()
    line = seen["lines"][0]
    refused = api.patch(f"{ITEMS}{line['id']}/", {"quantity": 1}, format="json", headers={"X-Cart-Token": token})

    assert len(seen["lines"]) == 2
    assert (line["is_available"], line["available"], line["total"]) == (False, 0, None)
    assert [(each["line"], each["code"]) for each in seen["unavailable"]] == [(line["id"], "not_sellable")]
    assert seen["total"] == pesos("349.00")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_sellable")
    assert everything() == before


def test_more_than_there_is_is_refused_saying_what_there_is(api):
    variant = make_variant(on_hand=5)
    token = put(api, variant, 4).json()["token"]
    line = CartLine.objects.get()
    before = everything()

    added = put(api, variant, 2, token)
    changed = api.patch(f"{ITEMS}{line.pk}/", {"quantity": 6}, format="json", headers={"X-Cart-Token": token})

    for answer in (added, changed):
        assert (answer.status_code, answer.json()["code"]) == (409, "insufficient_stock")
        assert (answer.json()["available"], answer.json()["requested"]) == (5, 6)
    assert everything() == before


def test_a_line_that_stock_fell_below_is_shown_as_it_was_chosen(api):
    variant = make_variant(on_hand=5)
    token = put(api, variant, 4).json()["token"]
    StockItem.objects.filter(variant=variant).update(on_hand=3)

    seen = api.get(CART, headers={"X-Cart-Token": token}).json()

    (line,) = seen["lines"]
    assert (line["quantity"], line["available"], line["is_available"]) == (4, 3, False)
    (lack,) = seen["unavailable"]
    assert (lack["code"], lack["requested"], lack["available"]) == ("insufficient_stock", 4, 3)
    assert seen["total"] == pesos("0.00")
    fewer = api.patch(f"{ITEMS}{line['id']}/", {"quantity": 3}, format="json", headers={"X-Cart-Token": token})
    assert (fewer.status_code, fewer.json()["unavailable"]) == (200, [])


def test_a_price_that_moved_is_pointed_out_until_it_is_accepted(api):
    variant = make_variant()
    token = put(api, variant, 2).json()["token"]
    Variant.objects.filter(pk=variant.pk).update(price_minor=39_900)
    headers = {"X-Cart-Token": token}

    moved = api.get(CART, headers=headers).json()
    (line,) = moved["lines"]
    accepted = api.patch(f"{ITEMS}{line['id']}/", {"quantity": 2}, format="json", headers=headers).json()

    assert (line["unit_price"], line["price_was"]) == (pesos("399.00"), pesos("349.00"))
    assert (moved["total"], moved["unavailable"]) == (pesos("798.00"), [])
    assert accepted["lines"][0]["price_was"] is None


def test_a_cart_has_one_currency_until_it_is_empty(api):
    dollars = make_variant(product__store=StoreFactory(currency="USD"))
    token = put(api, make_variant()).json()["token"]
    headers, before = {"X-Cart-Token": token}, everything()

    refused = put(api, dollars, 1, token)
    assert (refused.status_code, refused.json()["code"]) == (409, "currency_mismatch")
    assert everything() == before

    api.delete(CART, headers=headers)
    taken = put(api, dollars, 1, token)
    assert (taken.status_code, taken.json()["currency"]) == (201, "USD")
    assert taken.json()["total"] == {"amount": "349.00", "currency": "USD"}


def test_a_line_and_a_cart_have_their_limits(api, monkeypatch):
    monkeypatch.setattr("purchases.carts.services.lines.MOST_LINES", 2)
    variant = make_variant(on_hand=2000)
    token = put(api, variant, 999).json()["token"]
    put(api, make_variant(), 1, token)
    before = everything()

    line_full, cart_full = put(api, variant, 1, token), put(api, make_variant(), 1, token)

    assert (line_full.status_code, line_full.json()["code"], line_full.json()["limit"]) == (409, "line_limit", 999)
    assert (cart_full.status_code, cart_full.json()["code"], cart_full.json()["limit"]) == (409, "cart_full", 2)
    assert everything() == before


def test_what_is_available_is_said_up_to_what_a_line_holds(api):
    assert put(api, make_variant(on_hand=5000)).json()["lines"][0]["available"] == 999


def reserved(customer: Any, **terms: Any) -> Any:
    promo = make_promo(**terms)
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card


def test_a_reserved_unit_is_put_in_at_its_own_price_beside_the_same_variant(api, customer):
    card = reserved(customer)
    variant = Variant.objects.get()
    put(api, variant)

    made = api.post(ITEMS, {"reservation": str(card.reservation_id)}, format="json")
    again = api.post(ITEMS, {"reservation": str(card.reservation_id)}, format="json")

    assert made.status_code == 201, made.json()
    ordinary, unit = again.json()["lines"]
    assert (ordinary["unit_price"], ordinary["reservation"]) == (pesos("349.00"), None)
    assert (unit["unit_price"], unit["reservation"]) == (pesos("199.00"), str(card.reservation_id))
    assert (unit["quantity"], unit["available"], unit["price_was"]) == (1, 1, None)
    assert unit["expires_at"] is not None
    assert CartLine.objects.count() == 2


def test_a_reserved_units_quantity_stays(api, customer):
    card = reserved(customer)
    (line,) = api.post(ITEMS, {"reservation": str(card.reservation_id)}, format="json").json()["lines"]

    answer = api.patch(f"{ITEMS}{line['id']}/", {"quantity": 2}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "reserved_line")
    assert CartLine.objects.get().quantity == 1


def end(card: Any, customer: Any, how: str) -> None:
    match how:
        case "lapsed":
            let_lapse(card.reservation_id)
        case "cancelled":
            cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)
        case "completed":
            claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())


@pytest.mark.parametrize("how", ["lapsed", "cancelled", "completed"])
def test_a_reservation_that_is_over_is_not_put_in_and_shows_why(api, customer, how):
    card = reserved(customer)
    api.post(ITEMS, {"reservation": str(card.reservation_id)}, format="json")
    end(card, customer, how)

    seen = api.get(CART).json()
    CartLine.objects.all().delete()
    refused = api.post(ITEMS, {"reservation": str(card.reservation_id)}, format="json")

    assert [each["code"] for each in seen["unavailable"]] == [f"reservation_{how}"]
    assert (seen["lines"][0]["available"], seen["total"]) == (0, pesos("0.00"))
    assert (refused.status_code, refused.json()["code"]) == (409, f"reservation_{how}")
    assert not CartLine.objects.exists()


def test_a_reservation_is_its_holders_alone(api, customer):
    card = reserved(make_customer())
    body = {"reservation": str(card.reservation_id)}

    mine, strangers = api.post(ITEMS, body, format="json"), api.__class__().post(ITEMS, body, format="json")

    assert (mine.status_code, strangers.status_code) == (404, 401)
    assert not Cart.objects.exists()
