"""Many at once, on PostgreSQL's row locks: as many orders as there are goods, uses and carts, and no deadlock."""

from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from marketplace.core.errors import DomainError
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.flash.tests.factories import make_variant
from promotions.models import CampaignUse
from purchases.carts.models import Cart
from purchases.checkout import services
from purchases.checkout.values import PaymentPlan
from purchases.models import Order
from purchases.orders.services import cancel_order, expire_due_orders

from .factories import PRICE, buy, escrow, everything_reconciles, fill, shelf, shopper

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

CUSTOMERS = 24
"""As many connections as a test machine spares; `bench checkout` runs 64."""


def outcomes(answers: list[Any]) -> Counter[str]:
    """Orders, and refusals by their names; anything else is a failure."""
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, DomainError):
            raise answer
    return Counter("bought" if not isinstance(answer, BaseException) else type(answer).__name__ for answer in answers)


def test_the_last_ten_go_to_ten(together):
    variant = make_variant(on_hand=10)
    shoppers = [shopper(PRICE) for _ in range(CUSTOMERS)]
    for each in shoppers:
        fill(each, 1, variants=[variant])

    answers = together(lambda number: buy(shoppers[number]), CUSTOMERS)

    result = outcomes(answers)
    assert result["bought"] == 10
    # Seen to be gone, or gone when it was taken.
    assert set(result) <= {"bought", "InsufficientStockError", "ItemsUnavailableError"}
    assert shelf(variant) == (0, 0)
    assert Order.objects.count() == 10
    assert escrow() == 10 * PRICE
    everything_reconciles()


def test_carts_with_the_same_goods_in_any_order_meet_no_deadlock(together):
    variants = [make_variant(on_hand=500) for _ in range(6)]
    shoppers = [shopper(20 * PRICE) for _ in range(CUSTOMERS)]
    for place, each in enumerate(shoppers):
        turned = variants[place % 6 :] + variants[: place % 6]
        fill(each, *[1] * 6, variants=turned if place % 2 else turned[::-1])

    answers = together(lambda number: buy(shoppers[number]), CUSTOMERS)

    assert outcomes(answers) == {"bought": CUSTOMERS}
    assert {shelf(variant) for variant in variants} == {(500 - CUSTOMERS, 0)}
    everything_reconciles()


def test_windows_of_one_customer_buy_one_order(together):
    customer = shopper()
    (variant,) = fill(customer, 2)

    answers = together(lambda _number: buy(customer), 8)

    assert outcomes(answers) == {"bought": 1, "CartEmptyError": 7}
    assert shelf(variant) == (18, 0)


def test_without_the_carts_lock_the_windows_buy_more(together, monkeypatch):
    """The control: the cart's row is what makes the second window wait."""
    customer = shopper()
    fill(customer, 1)
    monkeypatch.setattr(services, "lock_cart", lambda customer_id: Cart.objects.get(customer=customer_id))

    answers = together(lambda _number: buy(customer), 8)

    assert outcomes(answers)["bought"] > 1


def test_the_last_use_of_a_promotion_goes_to_one_order(together):
    campaign = make_campaign(max_uses=1)
    shoppers = [shopper() for _ in range(12)]
    for each in shoppers:
        fill(each, 1)

    answers = together(lambda number: buy(shoppers[number]), len(shoppers))

    assert CampaignUse.objects.filter(campaign=campaign, is_taken=True).count() == 1
    assert sorted({order.discount_minor for order in Order.objects.all()}) in ([0, 3_490], [3_490])
    assert Order.objects.filter(discount_minor=3_490).count() == 1
    assert set(outcomes(answers)) <= {"bought", "CampaignUsedUpError"}


def test_called_off_paid_and_expired_at_once_an_order_ends_in_one_way(together):
    customer = shopper()
    (variant,) = fill(customer, 3)
    order = buy(customer, plan=PaymentPlan(provider="sandbox")).order
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())

    def act(number: int) -> Any:
        if number == 0:
            return cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
        return drain() if number == 1 else expire_due_orders(at=timezone.now())

    answers = together(act, 3)

    assert not [
        answer for answer in answers if isinstance(answer, BaseException) and not isinstance(answer, DomainError)
    ]
    drain()
    state = Order.objects.get().state
    assert state in {"cancelled", "expired", "paid"}
    assert shelf(variant) == ((17, 0) if state == "paid" else (20, 0))
    assert escrow() == (3 * PRICE if state == "paid" else 0)
    everything_reconciles()
