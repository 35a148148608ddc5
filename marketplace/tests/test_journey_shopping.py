"""From a stranger's basket to a refund through HTTP, in both languages: promotions, merge, checkout, a return."""

import pytest
from rest_framework.test import APIClient

from . import journeys as j

CART, ORDERS = "/api/v1/cart/", "/api/v1/orders/"
WORDS = {
    "es": {"empty": "Su carrito está vacío.", "ticket": "Compra"},
    "en": {"empty": "Your cart is empty.", "ticket": "Buy for"},
}


def campaign(staff: APIClient) -> str:
    """A tenth off from 900.00 on."""
    body = {
        "name": "Canasta grande",
        "starts_at": "2026-01-01T00:00:00Z",
        "benefits_json": [{"kind": "percentage", "basis_points": 1_000}],
        "currency": "MXN",
        "min_ticket": j.money("900.00"),
    }
    made = j.ok(staff.post("/api/v1/admin/promotions/", body, format="json"), 201)
    j.ok(staff.post(f"/api/v1/admin/promotions/{made['id']}/activate/", {}, format="json"))
    return str(made["id"])


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["es", "en"])
def test_from_a_strangers_basket_to_a_refund(language):
    staff, stranger = j.administrator(), APIClient(headers={"accept-language": language})
    goods, promotion = j.stocked_variant(staff), campaign(staff)

    # A stranger's basket says what is missing for the promotion.
    basket = j.ok(stranger.post(f"{CART}items/", {"variant": goods["variant"], "quantity": 1}, format="json"), 201)
    [refused] = basket["rejected_promotions"]
    assert (refused["code"], WORDS[language]["ticket"] in refused["detail"]) == ("min_ticket", True)

    # At log-in it becomes the account's.
    customer = j.registered_customer()
    j.deposit(customer, "2000.00")
    customer.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    j.ok(customer.post(f"{CART}items/", {"variant": goods["variant"], "quantity": 2}, format="json"), 201)
    merged = j.ok(customer.post(f"{CART}merge/", {"token": basket["token"]}, format="json"))
    cart = j.ok(customer.get(CART))
    assert merged["merge"][0]["result"] == "merged"
    assert [line["quantity"] for line in cart["lines"]] == [3]
    assert ([each["rule"] for each in cart["applied_benefits"]], cart["total"]) == ([promotion], j.money("1347.30"))

    # What was shown is what is paid.
    buy = {"payment": "wallet", "expected_total": cart["total"]}
    order = j.ok(customer.post("/api/v1/checkout/", buy, format="json", **j.key()), 201)
    assert (order["total"], j.available(customer)) == (cart["total"], "652.70")
    empty = j.ok(customer.post("/api/v1/checkout/", buy, format="json", **j.key()), 409)
    assert (empty["code"], empty["detail"]) == ("cart_empty", WORDS[language]["empty"])

    # It arrives, and one of three goes back.
    j.delivered(staff, order)
    order = j.ok(customer.get(f"{ORDERS}{order['id']}/"))
    assert (order["state"], order["fulfilment_state"]) == ("delivered", "delivered")
    received = j.partly_returned(staff, customer, order, {"es": "Muy maduro", "en": "Too ripe"}[language])
    assert (received["refund"], j.available(customer)) == (j.money("449.10"), "1101.80")
    assert j.ok(customer.get(f"{ORDERS}{order['id']}/"))["state"] == "partly_returned"
    stock = j.ok(staff.get(f"/api/v1/inventory/stock/?variant={goods['variant']}"))["results"][0]
    assert (stock["on_hand"], stock["available"]) == (8, 8)
