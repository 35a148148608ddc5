"""`promo-reservations/{id}/complete/` over HTTP, through a provider."""

import pytest

from funds.models import OrderPayment
from marketplace.core.outbox.relay import drain
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_promo
from promotions.models import ActiveHold, PromoUnit
from purchases.checkout.tests.factories import shopper
from purchases.models import DailyBenefit, Order, OrderLine
from purchases.sales_days.tasks import add_up_sales

pytestmark = pytest.mark.django_db


def mxn(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "MXN"}


@pytest.fixture
def held(api):
    """Signed in, with a unit."""
    customer = shopper(10_000)
    api.force_authenticate(customer)
    return reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card


def complete(api, card, body, key="k1"):
    path = f"/api/v1/promotions/promo-reservations/{card.reservation_id}/complete/"
    return api.post(path, body, format="json", headers={"Idempotency-Key": key})


def test_the_order_waits_and_says_where_and_until_when_it_is_paid(api, held):
    first, again = complete(api, held, {"payment": "sandbox"}), complete(api, held, {"payment": "sandbox"}, "k2")

    data = first.json()
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json()["order"] == data["order"]
    assert again.json()["payment"] == data["payment"]
    assert data["order"]["state"] == "placed"
    assert (data["reservation"]["state"], data["reservation"]["order"]) == ("held", data["order"]["id"])
    assert 295 <= data["reservation"]["seconds_left"] <= 300
    assert (data["payment"]["state"], data["payment"]["provider"]) == ("awaiting", "sandbox")
    shown = api.get(f"/api/v1/payments/{data['payment']['id']}/").json()
    assert "checkout_url" in shown
    assert shown["order"] == data["order"]["id"]
    drain()
    paid = complete(api, held, {}, "k3").json()
    assert (paid["order"]["state"], paid["reservation"]["state"], paid["payment"]) == ("paid", "completed", None)


@pytest.mark.parametrize("is_old", [False, True], ids=["now", "without a name, as they once were"])
def test_a_sold_unit_is_in_the_sums_of_its_day(api, held, is_old):
    complete(api, held, {"payment": "sandbox"})
    drain()
    line = OrderLine.objects.get()
    if is_old:
        line.applied_benefits[0].pop("name")
        line.save(update_fields=["applied_benefits"])

    add_up_sales()

    row = DailyBenefit.objects.get()
    assert (row.kind, row.name, row.orders) == ("flash", "" if is_old else line.name, 1)
    assert row.revenue_minor == line.total_minor
    assert row.amount_minor == line.list_price_minor - line.total_minor > 0


def test_so_much_of_each(api, held):
    money = {"wallet": mxn("99.00"), "sandbox": mxn("100.00")}

    data = complete(api, held, {"payment": money}).json()

    assert data["payment"]["from_wallet"] == mxn("99.00")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"payment": "cash"}, 400, "invalid"),
        ({"payment": None}, 400, "invalid"),
        ({"payment": {"wallet": mxn("99.00")}}, 400, "invalid"),
        ({"payment": {"wallet": mxn("-1.00"), "sandbox": mxn("200.00")}}, 400, "invalid"),
        ({"payment": {"wallet": mxn("1.00"), "sandbox": mxn("1.00")}}, 409, "payment_split"),
        ({"payment": {"wallet": mxn("150.00"), "sandbox": mxn("49.00")}}, 409, "insufficient_funds"),
        ({}, 409, "insufficient_funds"),
    ],
    ids=["no such way", "null", "one part", "negative", "not the price", "too little for its part", "too little"],
)
def test_a_refusal_changes_nothing(api, held, body, status, code):
    response = complete(api, held, body)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert not Order.objects.exists()
    assert not OrderPayment.objects.exists()
    assert PromoUnit.objects.get().held_until == ActiveHold.objects.get().until == held.expires_at
