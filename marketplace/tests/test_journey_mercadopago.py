"""A purchase through the fake Mercado Pago, all over HTTP: its link, its word, the goods, and the money's way back."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from funds.models import Refund
from funds.payments.tests.mercadopago.server import FakeMercadoPago
from funds.payments.tests.mercadopago.shop import notify, open_shop
from marketplace.core.outbox.relay import drain
from purchases.checkout.tests.factories import escrow, everything_reconciles

from . import journeys as j

pytestmark = pytest.mark.django_db
CART, ORDERS, PAYMENTS = "/api/v1/cart/", "/api/v1/orders/", "/api/v1/payments/"
SPLIT = {"wallet": j.money("300.00"), "mercadopago": j.money("698.00")}


@pytest.fixture
def shop(settings) -> Iterator[FakeMercadoPago]:
    with open_shop(settings) as server:
        yield server


class Journey:
    """Staff with two 499.00 mangos to sell, and a customer with 500.00 who puts them into the cart."""

    def __init__(self, shop: FakeMercadoPago) -> None:
        self.shop, self.staff, self.customer = shop, j.administrator(), j.registered_customer()
        self.goods = j.stocked_variant(self.staff)
        j.deposit(self.customer, "500.00")
        line = {"variant": self.goods["variant"], "quantity": 2}
        j.ok(self.customer.post(f"{CART}items/", line, format="json"), 201)

    def check_out(self, payment: Any) -> dict[str, Any]:
        order: dict[str, Any] = j.ok(
            self.customer.post(
                "/api/v1/checkout/",
                {"payment": payment, "expected_total": j.money("998.00")},
                format="json",
                **j.key(),
            ),
            201,
        )
        assert (order["state"], order["payment_state"]) == ("placed", "unpaid")
        assert j.ok(self.customer.get(CART))["lines"] == []
        drain()
        return order

    def link(self, order: dict[str, Any]) -> str:
        """Where `payments/{id}/` sends the customer: the one preference at the provider."""
        payment = j.ok(self.customer.get(f"{PAYMENTS}{order['payment']['id']}/"))
        (known,) = self.shop.account.preferences
        assert payment["checkout_url"].endswith(f"pref_id={known}")
        return known

    def pay(self, order: dict[str, Any], **other: Any) -> int:
        """The customer pays there, and the provider tells us."""
        payment_id = self.shop.account.pay(self.link(order), **other).id
        assert notify(payment_id).json() == {"received": True}
        drain()
        return payment_id

    def order(self) -> dict[str, Any]:
        (order,) = j.ok(self.customer.get(ORDERS))["results"]
        return order  # type: ignore[no-any-return]

    def stock(self) -> tuple[int, int]:
        """On hand, and what of it is still for sale."""
        row = j.ok(self.staff.get(f"/api/v1/inventory/stock/?variant={self.goods['variant']}"))["results"][0]
        return row["on_hand"], row["available"]

    def given_back(self) -> list[Decimal]:
        """Through the provider, by its own account."""
        (paid,) = self.shop.account.payments.values()
        return [refund.amount for refund in paid.refunds]


@pytest.fixture
def journey(shop) -> Journey:
    return Journey(shop)


@pytest.mark.parametrize(
    ("payment", "left", "asked"), [("mercadopago", "500.00", "998"), (SPLIT, "200.00", "698")], ids=["whole", "split"]
)
def test_from_the_cart_to_the_providers_page_and_to_goods(journey, payment, left, asked):
    order = journey.check_out(payment)
    assert (j.available(journey.customer), journey.stock()) == (left, (10, 8))

    journey.pay(order)

    paid = journey.order()
    assert (paid["id"], paid["state"], paid["payment_state"]) == (order["id"], "paid", "paid")
    assert j.ok(journey.customer.get(f"{PAYMENTS}{order['payment']['id']}/"))["state"] == "paid"
    assert (j.available(journey.customer), journey.stock()) == (left, (8, 8))
    (at_the_provider,) = journey.shop.account.payments.values()
    assert at_the_provider.amount == Decimal(asked)
    assert escrow() == 99_800
    everything_reconciles()


def test_a_payment_that_the_provider_refuses_sells_nothing_and_another_card_does(journey):
    order = journey.check_out(SPLIT)

    journey.pay(order, status="rejected")
    assert (journey.order()["state"], j.available(journey.customer), journey.stock()) == ("placed", "200.00", (10, 8))
    journey.pay(order)

    assert (journey.order()["state"], j.available(journey.customer), journey.stock()) == ("paid", "200.00", (8, 8))
    everything_reconciles()


def test_what_is_called_off_goes_back_through_the_provider_and_the_rest_into_the_wallet(journey):
    order = journey.check_out(SPLIT)
    journey.pay(order)

    body = j.ok(journey.customer.post(f"{ORDERS}{order['id']}/cancel/", {}, format="json", **j.key()))
    drain()

    assert (body["state"], journey.order()["payment_state"]) == ("cancelled", "void")
    assert journey.given_back() == [Decimal(698)]
    assert Refund.objects.get().state == Refund.State.SETTLED
    assert (j.available(journey.customer), journey.stock(), escrow()) == ("500.00", (10, 10), 0)
    everything_reconciles()


def test_what_comes_back_is_paid_back_through_the_provider_as_far_as_it_brought_it(journey):
    order = journey.check_out(SPLIT)
    journey.pay(order)
    j.delivered(journey.staff, order)

    for _ in range(2):
        j.partly_returned(journey.staff, journey.customer, order, "Too ripe")

    # One mango through the provider, of the other what is left of the 698.00 there; the wallet's 300.00 come last.
    assert journey.given_back() == [Decimal(499), Decimal(199)]
    assert (journey.order()["state"], j.available(journey.customer)) == ("returned", "500.00")
    assert journey.stock() == (10, 10)
    everything_reconciles()


def test_a_webhook_that_is_told_again_and_one_that_is_forged_change_nothing(journey):
    order = journey.check_out("mercadopago")
    payment_id = journey.shop.account.pay(journey.link(order)).id

    assert notify(payment_id, secret="not the secret").status_code == 403
    drain()
    assert (journey.order()["state"], escrow()) == ("placed", 0)
    for _ in range(3):
        assert notify(payment_id).status_code == 200
        drain()

    assert (journey.order()["state"], escrow(), journey.stock()) == ("paid", 99_800, (8, 8))
    everything_reconciles()
