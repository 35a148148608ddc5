"""What a sold unit leaves behind, and what asking for it again answers, whatever has become of its order."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.outbox.relay import drain
from promotions.flash.errors import (
    ReservationBeingPaidError,
    ReservationCancelledError,
    ReservationLapsedError,
)
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import make_promo
from promotions.models import PromoUnit, Reservation
from purchases.checkout.tests.factories import shelf, shopper
from purchases.flash_sales.services import buy_reserved_unit
from purchases.models import Order, OrderLine
from purchases.orders.services import cancel_order, expire_due_orders
from stores.models import StockMovement

from .factories import PRICE, SANDBOX, being_paid, complete, move_end

pytestmark = pytest.mark.django_db

LIST_PRICE = 34_900
"""Of a variant of the factories."""
each_way = pytest.mark.parametrize("plan", [None, SANDBOX], ids=["from the wallet", "through a provider"])


def reserve(promo, customer):
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card


def buy(card):
    return buy_reserved_unit(reservation_id=card.reservation_id, customer_id=card.customer_id, at=timezone.now())


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (PromoUnit, Reservation, Order, OrderLine)]


# --- what is written


@each_way
def test_the_line_says_which_promotion_saved_how_much(plan):
    promo = make_promo()

    order = complete(reserve(promo, shopper()), plan)

    line = OrderLine.objects.get()
    assert (line.quantity, line.list_price_minor, line.total_minor) == (1, LIST_PRICE, PRICE)
    assert line.applied_benefits == [
        {
            "rule": str(promo.pk),
            "kind": "flash",
            "version": promo.version,
            "name": promo.variant.product.name,
            "amount_minor": LIST_PRICE - PRICE,
        }
    ]
    assert (order.list_total_minor, order.discount_minor, order.total_minor) == (LIST_PRICE, LIST_PRICE - PRICE, PRICE)


@each_way
def test_where_the_shelf_has_become_cheaper_nothing_was_saved(plan):
    promo = make_promo()
    card = reserve(promo, shopper())
    apps.get_model("stores.Variant").objects.update(price_minor=PRICE - 1)

    order = complete(card, plan)

    (benefit,) = OrderLine.objects.get().applied_benefits
    assert benefit["amount_minor"] == 0
    assert (order.discount_minor, order.total_minor) == (0, PRICE)


def test_the_goods_leave_the_shelf_once_and_for_this_order():
    promo, customer = make_promo(), shopper()

    order = complete(reserve(promo, customer))

    movement = StockMovement.objects.get(kind="sale")
    assert (movement.idem_key, movement.cause, movement.actor_id) == (f"order:{order.pk}",) * 2 + (customer.pk,)
    assert (movement.quantity, movement.from_allocated) == (1, 1)
    assert shelf(promo.variant) == (19, 0)


def test_money_is_waited_for_until_five_seconds_before_the_hold_ends():
    _card, order = being_paid(make_promo(), shopper(0))

    unit: Any = PromoUnit.objects.get()
    assert order.expires_at == unit.held_until - timedelta(seconds=5)


# --- asked again


@each_way
def test_a_bought_unit_answers_with_its_own_order(plan):
    promo, customer = make_promo(units=2), shopper()
    other = complete(reserve(promo, shopper()))
    card = reserve(promo, customer)
    order = complete(card)
    before = everything()

    again = complete(card, plan)

    assert (again.pk, again.state) == (order.pk, "paid")
    assert again.pk != other.pk
    assert everything() == before


def test_buying_is_from_the_wallet_and_once():
    card = reserve(make_promo(), shopper())

    order, again = buy(card), buy(card)

    assert (order.pk, order.state, order.total_minor) == (again.pk, "paid", PRICE)
    assert Order.objects.count() == 1


def test_a_unit_whose_order_waits_for_a_provider_is_not_bought_from_the_wallet():
    card, _order = being_paid(make_promo(), shopper())
    before = everything()

    with pytest.raises(ReservationBeingPaidError):
        buy(card)

    assert everything() == before


@each_way
@pytest.mark.parametrize("is_told", [False, True], ids=["at once", "once its unit is free"])
def test_a_reservation_whose_order_was_called_off_is_cancelled(plan, is_told):
    customer = shopper()
    card, order = being_paid(make_promo(), customer)
    cancel_order(order_id=order.pk, actor_id=customer.pk, at=timezone.now(), customer_id=customer.pk)
    if is_told:
        drain()
    before = everything()

    with pytest.raises(ReservationCancelledError):
        complete(card, plan)

    assert everything() == before


@each_way
def test_a_reservation_whose_order_was_not_paid_in_time_has_lapsed_though_its_hold_lasts(plan):
    """The five seconds in which money on its way is waited for."""
    card, order = being_paid(make_promo(), shopper(0))
    move_end(order, read_db_now() + timedelta(seconds=4))
    assert expire_due_orders(at=timezone.now()) == 1
    before = everything()

    with pytest.raises(ReservationLapsedError):
        complete(card, plan)

    assert Reservation.objects.get().expires_at > read_db_now()
    assert everything() == before
