"""What a cart costs: promotions, coupons and shipping of now; and that it explains itself in Spanish."""

import pytest

from marketplace.core.money import Money
from promotions.campaigns.tests.factories import make_campaign
from promotions.flash.tests.factories import make_customer, make_variant
from purchases.carts.tokens import token_of
from purchases.shipments.tests.factories import ShippingRateFactory

from .factories import filled_cart

pytestmark = pytest.mark.django_db

CART = "/api/v1/cart/"
COUPONS = "/api/v1/cart/coupons/"


def pesos(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


def test_shipping_of_each_store_is_in_the_total(api):
    rate = ShippingRateFactory(store=(variant := make_variant()).store)
    cart = filled_cart(variant=variant, quantity=2)
    filled_cart(cart=cart)

    seen = api.get(CART, headers={"X-Cart-Token": token_of(cart.pk)}).json()

    assert (seen["goods_total"], seen["shipping_total"], seen["total"]) == (
        pesos("1047.00"),
        pesos("99.00"),
        pesos("1146.00"),
    )
    assert pesos("99.00") in [each["price"] for each in seen["shipping"] if each["store"] == str(rate.store_id)]


def test_a_campaign_for_everybody_makes_the_cart_cheaper(api):
    campaign = make_campaign()
    cart = filled_cart(quantity=2)

    seen = api.get(CART, headers={"X-Cart-Token": token_of(cart.pk)}).json()

    assert (seen["list_total"], seen["discount"], seen["total"]) == (pesos("698.00"), pesos("69.80"), pesos("628.20"))
    (applied,) = seen["applied_benefits"]
    assert (applied["rule"], applied["kind"], applied["amount"]) == (str(campaign.pk), "campaign", pesos("69.80"))


def test_a_coupon_opens_its_campaign_and_taking_it_out_closes_it(api):
    make_campaign("VERANO")
    headers = {"X-Cart-Token": token_of(filled_cart().pk)}

    entered = api.post(COUPONS, {"code": "verano"}, format="json", headers=headers)
    api.delete(f"{COUPONS}VERANO/", headers=headers)
    without = api.get(CART, headers=headers).json()

    assert (entered.status_code, entered.json()["coupons"]) == (200, ["verano"])
    assert entered.json()["total"] == pesos("314.10")
    assert (without["coupons"], without["total"]) == ([], pesos("349.00"))


@pytest.mark.parametrize("state", ["draft", "ended"])
def test_a_coupon_of_a_campaign_that_is_not_on_is_not_there(api, state):
    make_campaign("VERANO", state=state)

    answer = api.post(COUPONS, {"code": "VERANO"}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (404, "coupon_not_found")


def test_a_cart_explains_itself_in_the_readers_language(api):
    make_campaign(min_ticket=Money(1_000_000, "MXN"), currency="MXN")
    variant = make_variant(on_hand=2)
    api.force_authenticate(make_customer())
    headers = {"Accept-Language": "es"}
    body = {"variant": str(variant.pk), "quantity": 3}

    refused = api.post(f"{CART}items/", body, format="json", headers=headers)
    made = api.post(f"{CART}items/", body | {"quantity": 1}, format="json", headers=headers).json()
    english = api.get(CART, headers={"Accept-Language": "en"}).json()

    assert refused.json()["detail"] == "Solo hay 2 disponibles de los 3 solicitados."
    (in_spanish,), (in_english,) = made["rejected_promotions"], english["rejected_promotions"]
    assert in_spanish["code"] == in_english["code"]
    assert in_english["detail"]
