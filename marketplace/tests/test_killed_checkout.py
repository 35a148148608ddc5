"""kill -9 at each step of a checkout and of what follows it: no order without money, no money without order, no leak.

Before the commit nothing has happened, and the same request does it all. After it, the same request finds its answer.
"""

import pytest

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.facade import rule_limits
from purchases.checkout.tests.factories import PRICE, bought, escrow, everything_reconciles, fill, shelf, shopper
from purchases.checkout.values import PaymentPlan
from purchases.models import CartLine, Order

from .killing import killed_draining, killed_posting, let_leases_end

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

CHECKOUT = "/api/v1/checkout/"
WALLET = {"payment": "wallet"}
STEPS = [
    f"purchases.checkout.services:{name}"
    for name in ("lock_cart", "quote", "write_order", "_take_promotions", "_take_goods", "_pay", "clear")
]


@pytest.fixture
def scene():
    """A shopper with 1,000.00 whose cart holds two of a variant, and a promotion that can be used once."""
    customer = shopper(100_000)
    (variant,) = fill(customer, 2)
    return customer, variant, make_campaign(max_uses=1)


@pytest.mark.parametrize("step", STEPS)
def test_killed_before_the_commit_nothing_has_happened_and_the_same_request_does_it(api, scene, step):
    customer, variant, campaign = scene

    killed_posting(customer.pk, CHECKOUT, WALLET, "key", after=step)

    assert not Order.objects.exists()
    assert posted_and_held(customer.pk) == (100_000, 0)
    assert shelf(variant) == (20, 0)
    assert CartLine.objects.count() == 1
    assert rule_limits([campaign.pk], customer.pk)[campaign.pk].left == 1
    everything_reconciles()
    api.force_authenticate(customer)
    assert api.post(CHECKOUT, WALLET, format="json", HTTP_IDEMPOTENCY_KEY="key").status_code == 201
    assert posted_and_held(customer.pk) == (100_000 - Order.objects.get().total_minor, 0)


def test_killed_after_the_commit_the_order_stands_once_and_the_same_request_finds_it(api, scene):
    customer, variant, _campaign = scene

    killed_posting(customer.pk, CHECKOUT, WALLET, "key", after="commit")

    api.force_authenticate(customer)
    answer = api.post(CHECKOUT, WALLET, format="json", HTTP_IDEMPOTENCY_KEY="key")
    order = Order.objects.get()
    assert (answer.status_code, answer.json()["id"]) == (201, str(order.pk))
    assert shelf(variant) == (18, 0)
    assert escrow() == order.total_minor
    drain()
    everything_reconciles()


@pytest.mark.parametrize(
    "step",
    [
        "funds.order_money.services.payments:pay_order",
        "purchases.orders.services.paying:step",
        "purchases.orders.services.paying:stores.sell_stock",
        "purchases.orders.services.paying:_tell_paid",
    ],
)
def test_killed_while_the_providers_money_comes_in_the_order_is_paid_once(step):
    customer = shopper(0)
    order = bought(customer, 2, plan=PaymentPlan(provider="sandbox"))
    variant = order.lines.get().variant

    killed_draining(after=step)

    everything_reconciles()
    let_leases_end()
    drain()
    order.refresh_from_db()
    assert order.state == "paid"
    assert shelf(variant) == (18, 0)
    assert escrow() == 2 * PRICE
    everything_reconciles()


@pytest.mark.parametrize(
    "step",
    [
        "purchases.orders.services.ending:step",
        "purchases.orders.services.ending:refund_all",
        "purchases.orders.services.ending:publish",
    ],
)
def test_killed_while_calling_off_nothing_has_happened(api, step):
    customer = shopper(100_000)
    order = bought(customer, 1)

    killed_posting(customer.pk, f"/api/v1/orders/{order.pk}/cancel/", {}, "key", after=step)

    assert Order.objects.get().state == "paid"
    assert posted_and_held(customer.pk) == (100_000 - PRICE, 0)
    everything_reconciles()
    api.force_authenticate(customer)
    assert (
        api.post(f"/api/v1/orders/{order.pk}/cancel/", {}, format="json", HTTP_IDEMPOTENCY_KEY="key").status_code == 200
    )
    drain()
    assert posted_and_held(customer.pk) == (100_000, 0)
    everything_reconciles()


def test_killed_while_goods_go_back_they_go_back_once(api):
    customer = shopper(100_000)
    order = bought(customer, 2)
    variant = order.lines.get().variant
    api.force_authenticate(customer)
    api.post(f"/api/v1/orders/{order.pk}/cancel/", {}, format="json", HTTP_IDEMPOTENCY_KEY="key")

    killed_draining(after="purchases.orders.services.goods:stores.receive_stock")

    assert shelf(variant) == (18, 0)
    let_leases_end()
    drain()
    assert shelf(variant) == (20, 0)
    everything_reconciles()
