"""Orders that end before they are delivered: called off, not paid in time, paid too late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from funds.facade import call_off_order_payment
from funds.ledger.tests.factories import posted_and_held
from funds.models import Deposit, OrderPayment, Refund
from funds.payments.services import fund_wallets
from marketplace.core import append_only
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.campaigns.tests.factories import make_campaign
from promotions.facade import rule_limits
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_promo
from purchases.checkout.tests.factories import PRICE, bought, escrow, mxn, shelf, shopper
from purchases.checkout.values import PaymentPlan
from purchases.flash_sales.services import complete_reservation
from purchases.models import Order
from purchases.orders.errors import OrderNotCancellableError, OrderNotFoundError, ReservedUnitsStayError
from purchases.orders.services import (
    cancel_order,
    close_due_orders,
    expire_due_orders,
    mark_paid,
    revive_order,
)
from purchases.shipments.tests.factories import take_to
from stores.contracts import StockLine
from stores.facade import sell_stock
from stores.models import StockItem, StockMovement

pytestmark = pytest.mark.django_db
SANDBOX = PaymentPlan(provider="sandbox")


def call_off(order: Order, **by) -> Order:
    return cancel_order(order_id=order.pk, actor_id=None, at=timezone.now(), **by)


def let_expire(order: Order) -> None:
    """Its time is over, and somebody has noticed."""
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    assert expire_due_orders(at=timezone.now()) == 1


def told(wire_name: str) -> int:
    return OutboxEvent.objects.filter(wire_name=wire_name).count()


def shelves() -> list[tuple[int, int]]:
    return sorted(StockItem.objects.values_list("on_hand", "allocated"))


# --- calling off


def test_a_paid_order_that_is_called_off_gives_money_goods_and_uses_back():
    campaign = make_campaign(max_uses=5)
    customer = shopper(100_000)
    order = bought(customer, 2)

    call_off(order, customer_id=customer.pk)

    assert posted_and_held(customer.pk) == (100_000, 0)
    assert escrow() == 0
    drain()
    assert shelves() == [(20, 0)]
    assert rule_limits([campaign.pk], customer.pk)[campaign.pk].left == 5
    assert Order.objects.get().state == "cancelled"


def test_what_came_through_a_provider_goes_back_through_it():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    drain()

    call_off(order)
    drain()

    assert (Refund.objects.get().amount_minor, Refund.objects.get().state) == (PRICE, "settled")
    assert posted_and_held(customer.pk) == (0, 0)
    assert shelves() == [(20, 0)]


def test_an_unpaid_order_that_is_called_off_frees_goods_and_the_wallets_part():
    customer = shopper(10_000)
    plan = PaymentPlan(provider="sandbox", from_wallet=mxn(10_000), from_provider=mxn(PRICE - 10_000))
    order = bought(customer, 1, plan=plan)

    call_off(order)
    drain()

    assert posted_and_held(customer.pk) == (10_000, 0)
    assert shelves() == [(20, 0)]
    assert escrow() == 0


def test_calling_off_twice_changes_nothing_more():
    customer = shopper(100_000)
    order = bought(customer, 1)

    for _time in range(2):
        assert call_off(order).state == "cancelled"
        drain()

    assert posted_and_held(customer.pk) == (100_000, 0)
    assert shelves() == [(20, 0)]
    assert told("purchases.order_cancelled") == 1


def test_the_customer_calls_off_until_it_is_packed_and_staff_until_it_is_sent():
    customer = shopper()
    order = bought(customer, 1)
    take_to(order, "packed")

    with pytest.raises(OrderNotCancellableError):
        call_off(order, customer_id=customer.pk)
    assert Order.objects.get().state == "packed"

    assert call_off(order).state == "cancelled"


def test_a_sent_order_is_not_called_off_by_anybody():
    order = bought(shopper(), 1)
    take_to(order, "packed", "shipped")

    with pytest.raises(OrderNotCancellableError):
        call_off(order)

    assert escrow() == PRICE


def test_reserved_units_are_not_given_back_by_their_customer():
    """Whoever could buy and call off at will would empty a promotion for nothing."""
    customer, promo = shopper(), make_promo()
    reservation = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    order = complete_reservation(reservation_id=reservation.reservation_id, customer_id=customer.pk, at=timezone.now())

    with pytest.raises(ReservedUnitsStayError):
        call_off(order, customer_id=customer.pk)

    assert escrow() == 19_900
    assert call_off(order).state == "cancelled"


def test_somebody_elses_order_is_unknown():
    order = bought(shopper(), 1)

    with pytest.raises(OrderNotFoundError):
        call_off(order, customer_id=shopper(0).pk)

    assert Order.objects.get().state == "paid"


# --- not paid in time


def test_an_order_that_is_not_paid_in_time_frees_goods_and_money():
    customer = shopper(10_000)
    plan = PaymentPlan(provider="sandbox", from_wallet=mxn(10_000), from_provider=mxn(PRICE - 10_000))
    order = bought(customer, 1, plan=plan)

    let_expire(order)
    drain()

    assert Order.objects.get().state == "expired"
    assert posted_and_held(customer.pk) == (10_000, 0)
    assert shelves() == [(20, 0)]
    assert expire_due_orders(at=timezone.now()) == 0
    assert told("purchases.order_expired") == 1


def test_an_order_in_time_does_not_expire_and_a_paid_one_never_does():
    waiting, paid = bought(shopper(0), 1, plan=SANDBOX), bought(shopper(), 1)
    Order.objects.filter(pk=paid.pk).update(expires_at=timezone.now() - timedelta(days=1))

    assert expire_due_orders(at=timezone.now()) == 0

    assert {order.pk: order.state for order in Order.objects.all()} == {waiting.pk: "placed", paid.pk: "paid"}


# --- paid too late


def late(order: Order, customer, minor: int = PRICE) -> bool:
    """The provider's money arrived after all, and is in the wallet."""
    deposit = Deposit.objects.get(order_id=order.pk)
    Deposit.objects.filter(pk=deposit.pk).update(credited_at=timezone.now())
    fund_wallets(rows=[(customer.pk, mxn(minor), "late")])
    return revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())


def test_late_money_buys_what_is_still_there():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    let_expire(order)
    drain()

    assert late(order, customer)

    assert Order.objects.get().state == "paid"
    assert shelves() == [(19, 0)]
    assert escrow() == PRICE
    assert posted_and_held(customer.pk) == (0, 0)
    deposit = Deposit.objects.get(order_id=order.pk)
    assert not revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())


def test_late_money_finds_the_goods_before_they_are_free_for_others():
    """The event that frees them, and the promotion's use, is still on its way: they are this order's own."""
    campaign = make_campaign(max_uses=1)
    customer = shopper(0)
    order = bought(customer, 20, plan=SANDBOX)
    let_expire(order)

    assert late(order, customer, order.total_minor)

    drain()
    assert Order.objects.get().state == "paid"
    assert shelves() == [(0, 0)]
    assert rule_limits([campaign.pk], customer.pk)[campaign.pk].left == 0


def test_money_that_came_in_time_pays_however_late_somebody_says_so():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    moment = timezone.now() + timedelta(minutes=1)
    payment = OrderPayment.objects.get(order_id=order.pk)
    Deposit.objects.filter(order_id=order.pk).update(credited_at=timezone.now(), state="credited")
    fund_wallets(rows=[(customer.pk, mxn(PRICE), "in time")])
    OrderPayment.objects.filter(pk=payment.pk).update(expires_at=moment)
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now() - timedelta(seconds=1))

    assert expire_due_orders(at=timezone.now()) == 0

    drain()
    assert Order.objects.get().state == "paid"
    assert escrow() == PRICE


def test_a_paid_order_whose_event_was_given_up_is_paid_by_the_sweep():
    order = bought(shopper(0), 1, plan=SANDBOX)
    drain()
    Order.objects.filter(pk=order.pk).update(state="placed", expires_at=timezone.now() - timedelta(seconds=1))
    StockItem.objects.update(on_hand=20, allocated=1)
    with append_only.lifted():
        StockMovement.objects.filter(kind="sale").delete()

    assert expire_due_orders(at=timezone.now()) == 0

    assert Order.objects.get().state == "paid"
    assert shelves() == [(19, 0)]


def test_a_payment_that_was_called_off_buys_nothing_later():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    call_off_order_payment(order_id=order.pk)
    let_expire(order)

    assert not late(order, customer)

    assert Order.objects.get().state == "expired"
    assert posted_and_held(customer.pk) == (PRICE, 0)


def test_an_order_that_is_called_off_while_its_money_comes_in_is_paid_back_once():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    while not OrderPayment.objects.filter(state="paid").exists():
        assert drain(1)
    assert Order.objects.get().state == "placed"

    call_off(order)
    drain()

    assert escrow() == 0
    assert not EventDelivery.objects.exclude(state="done").exists()
    assert shelves() == [(20, 0)]


def test_late_money_for_goods_that_are_gone_stays_in_the_wallet():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    variant = order.lines.get().variant
    let_expire(order)
    drain()
    sell_stock(lines=[StockLine(variant.pk, variant.store_id, 20)], idem_key="others")

    assert not late(order, customer)

    assert Order.objects.get().state == "expired"
    assert posted_and_held(customer.pk) == (PRICE, 0)
    assert shelf(variant) == (0, 0)


def test_a_promotion_that_is_used_up_meanwhile_is_not_used_once_more():
    campaign = make_campaign(max_uses=1)
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    let_expire(order)
    drain()
    bought(shopper(), 1)

    assert not late(order, customer)

    assert rule_limits([campaign.pk], customer.pk)[campaign.pk].left == 0
    assert Order.objects.get(pk=order.pk).state == "expired"


def test_money_for_an_order_that_was_called_off_goes_back_at_once():
    customer = shopper(0)
    order = bought(customer, 1, plan=SANDBOX)
    drain()
    Order.objects.filter(pk=order.pk).update(state="cancelled")

    mark_paid(order_id=order.pk, at=timezone.now())

    assert posted_and_held(customer.pk) == (PRICE, 0)
    assert escrow() == 0


def test_money_for_an_order_that_is_nobodys_is_left_alone():
    assert not revive_order(order_id=shopper(0).pk, deposit_id=shopper(0).pk, at=timezone.now())
    assert mark_paid(order_id=shopper(0).pk, at=timezone.now()) is None


# --- long delivered


def test_an_order_is_closed_when_nothing_can_come_back_any_more():
    order, young = bought(shopper(), 1), bought(shopper(), 1)
    long_ago = timezone.now() - timedelta(days=31)
    for each, at in ((order, long_ago), (young, timezone.now())):
        take_to(each, "packed", "shipped", "delivered", at=at)

    assert close_due_orders(at=timezone.now(), after=timedelta(days=30)) == 1

    assert Order.objects.get(pk=order.pk).state == "closed"
    assert close_due_orders(at=timezone.now(), after=timedelta(days=30)) == 0
