"""A reserved unit paid through a provider: extended once, sold when the money comes, free when it does not."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from funds.facade import call_off_order_payment
from funds.ledger.tests.factories import posted_and_held
from funds.models import OrderPayment, Refund
from funds.order_money.services.payments import fail_order_payment
from marketplace.core.clock import read_db_now
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.flash.errors import (
    CoolingDownError,
    PromoHeldError,
    PromoLimitReachedError,
    ReservationBeingPaidError,
    ReservationLapsedError,
)
from promotions.flash.services.claims import cancel_reservation, reserve_unit
from promotions.flash.services.waitlist import join_waitlist
from promotions.flash.tests.factories import let_lapse, make_customer, make_promo
from promotions.models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace
from purchases.checkout.errors import PaymentSplitError
from purchases.checkout.services import pay_again
from purchases.checkout.tests.factories import escrow, mxn, shelf, shopper
from purchases.checkout.values import PaymentPlan
from purchases.flash_sales.services import SETTLING
from purchases.models import Order
from purchases.orders.services import cancel_order, expire_due_orders, mark_paid, revive_order

from .factories import PRICE, SANDBOX, being_paid, complete, credit, half_and_half, let_time_pass

pytestmark = pytest.mark.django_db


def reserve(promo, customer=None):
    return reserve_unit(promo_id=promo.pk, customer_id=(customer or make_customer()).pk).card


def held_unit() -> Any:
    return PromoUnit.objects.get()


def everything_is_done() -> None:
    drain()
    assert not EventDelivery.objects.exclude(state="done").exists()


# --- beginning to pay


def test_the_hold_is_extended_to_five_minutes_and_the_order_waits():
    promo, customer = make_promo(), shopper(0)
    before = read_db_now()

    card, order = being_paid(promo, customer)

    after, unit = read_db_now(), held_unit()
    reservation, hold = Reservation.objects.get(), ActiveHold.objects.get()
    payment: Any = OrderPayment.objects.get()
    assert (order.state, payment.state, order.total_minor) == ("placed", "awaiting", PRICE)
    assert before + timedelta(minutes=5) <= unit.held_until <= after + timedelta(minutes=5)
    assert reservation.expires_at == hold.until == unit.held_until > card.expires_at
    assert (reservation.state, reservation.order_id, unit.claim_no) == ("held", order.pk, 1)
    assert order.expires_at == unit.held_until - SETTLING
    assert payment.expires_at < unit.held_until
    assert shelf(promo.variant) == (20, 1)
    with pytest.raises(PromoHeldError):
        reserve(promo)


def test_when_the_money_comes_the_unit_is_sold_and_the_order_paid():
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)

    everything_is_done()

    unit, reservation = PromoUnit.objects.get(), Reservation.objects.get()
    assert Order.objects.get().state == "paid"
    assert (unit.sold_at is not None, unit.holder) == (True, customer.pk)
    assert (reservation.state, reservation.order_id) == ("completed", order.pk)
    assert shelf(promo.variant) == (19, 0)
    assert escrow() == PRICE
    assert not ActiveHold.objects.exists()
    assert FlashPromo.objects.get().ended_at is not None
    assert OutboxEvent.objects.filter(wire_name="promotions.unit_sold").count() == 1


def test_a_split_holds_the_wallets_part():
    customer = shopper(10_000)
    being_paid(make_promo(), customer, half_and_half())

    assert posted_and_held(customer.pk) == (10_000, 9_900)
    everything_is_done()
    assert Order.objects.get().state == "paid"
    assert posted_and_held(customer.pk) == (100, 0)


@pytest.mark.parametrize("plan", [SANDBOX, None], ids=["the same way", "from the wallet"])
def test_completing_again_answers_with_the_same_order_and_extends_nothing(plan):
    customer = shopper(100_000)
    card, order = being_paid(make_promo(), customer)
    rows = [list(model.objects.values()) for model in (PromoUnit, Reservation, ActiveHold, Order, OrderPayment)]

    again = complete(card, plan)

    assert again.pk == order.pk
    assert rows == [list(model.objects.values()) for model in (PromoUnit, Reservation, ActiveHold, Order, OrderPayment)]
    assert posted_and_held(customer.pk) == (100_000, 0)


def test_a_lapsed_reservation_is_not_extended():
    customer = shopper(0)
    card = reserve(make_promo(), customer)
    let_lapse(card.reservation_id)

    with pytest.raises(ReservationLapsedError):
        complete(card, SANDBOX)

    assert not Order.objects.exists()
    assert held_unit().held_until <= read_db_now()


def test_parts_that_do_not_come_to_the_price_change_nothing():
    customer = shopper(100_000)
    card = reserve(make_promo(), customer)
    plan = PaymentPlan(provider="sandbox", from_wallet=mxn(100), from_provider=mxn(100))

    with pytest.raises(PaymentSplitError):
        complete(card, plan)

    assert not Order.objects.exists()
    assert PromoUnit.objects.get().held_until == ActiveHold.objects.get().until == card.expires_at
    assert Reservation.objects.get().order_id is None
    assert complete(card).state == "paid"


def test_another_payment_of_the_order_cannot_go_beyond_the_hard_limit():
    customer = shopper(100_000)
    _card, order = being_paid(make_promo(), customer)
    payment: Any = OrderPayment.objects.get()
    fail_order_payment(deposit_id=payment.deposit_id)

    again: Any = pay_again(order_id=order.pk, customer_id=customer.pk, plan=SANDBOX)

    assert again.expires_at < held_unit().held_until
    call_off_order_payment(order_id=order.pk)
    pay_again(order_id=order.pk, customer_id=customer.pk, plan=PaymentPlan())
    everything_is_done()
    assert Order.objects.get().state == "paid"
    assert PromoUnit.objects.get().sold_at is not None
    assert escrow() == PRICE


# --- not paid in time


def test_not_paid_in_time_the_unit_is_free_by_the_clock_and_the_order_expires():
    promo, customer = make_promo(), shopper(10_000)
    card, order = being_paid(promo, customer, half_and_half())
    let_time_pass(order)

    rival = reserve(promo, shopper())
    assert expire_due_orders(at=timezone.now()) == 1
    drain()

    assert Order.objects.get().state == "expired"
    assert posted_and_held(customer.pk) == (10_000, 0)
    assert shelf(promo.variant) == (20, 1)
    assert complete(rival).state == "paid"
    assert shelf(promo.variant) == (19, 0)
    with pytest.raises(ReservationLapsedError):
        complete(card, SANDBOX)


def test_late_money_buys_the_unit_that_is_still_nobodys():
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)
    let_time_pass(order)
    expire_due_orders(at=timezone.now())
    deposit = credit(order)

    assert revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())
    assert not revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())

    unit = PromoUnit.objects.get()
    assert Order.objects.get().state == "paid"
    assert (unit.holder, unit.sold_at is not None) == (customer.pk, True)
    assert Reservation.objects.get().state == "completed"
    assert shelf(promo.variant) == (19, 0)
    assert (posted_and_held(customer.pk), escrow()) == ((0, 0), PRICE)


@pytest.mark.parametrize("fate", ["held by another", "sold to another", "back on the shelf"])
def test_late_money_for_a_unit_that_is_gone_is_the_customers(fate):
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)
    let_time_pass(order)
    expire_due_orders(at=timezone.now())
    drain()
    if fate == "back on the shelf":
        PromoUnit.objects.update(released_at=timezone.now(), holder=None, held_until=None)
    else:
        rival = reserve(promo, shopper())
        if fate == "sold to another":
            complete(rival)
    deposit, units = credit(order), list(PromoUnit.objects.values())
    waiting = escrow()

    assert not revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())

    assert Order.objects.get(pk=order.pk).state == "expired"
    assert (posted_and_held(customer.pk), escrow()) == ((PRICE, 0), waiting)
    assert list(PromoUnit.objects.values()) == units
    assert Reservation.objects.get(order_id=order.pk).is_excused


def test_money_in_time_that_is_noticed_when_another_has_the_unit_goes_back_to_where_it_came_from():
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)
    while not OrderPayment.objects.filter(state="paid").exists():
        assert drain(1)
    assert Order.objects.get().state == "placed"
    let_time_pass(order)
    rival = reserve(promo, shopper())

    everything_is_done()

    assert Order.objects.get(pk=order.pk).state == "expired"
    assert (Refund.objects.get().amount_minor, Refund.objects.get().state) == (PRICE, "settled")
    assert (posted_and_held(customer.pk), escrow()) == ((0, 0), 0)
    assert PromoUnit.objects.get().holder == rival.customer_id
    assert shelf(promo.variant) == (20, 1)
    assert Reservation.objects.get(order_id=order.pk).is_excused


def test_the_sweep_sells_a_paid_order_whose_event_was_given_up():
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)
    while not OrderPayment.objects.filter(state="paid").exists():
        assert drain(1)
    let_time_pass(order)

    assert expire_due_orders(at=timezone.now()) == 0

    assert Order.objects.get().state == "paid"
    assert PromoUnit.objects.get().sold_at is not None


def test_being_paid_twice_sells_once():
    promo, customer = make_promo(units=2), shopper(0)
    _card, order = being_paid(promo, customer)
    everything_is_done()
    rows = list(PromoUnit.objects.order_by("pk").values())

    mark_paid(order_id=order.pk, at=timezone.now())

    assert list(PromoUnit.objects.order_by("pk").values()) == rows
    assert escrow() == PRICE


# --- limits and lapses


def test_late_money_keeps_to_the_promotions_limit():
    promo, customer = make_promo(units=3, units_per_customer=1), shopper(1_000_000)
    _card, order = being_paid(promo, customer)
    let_time_pass(order)
    expire_due_orders(at=timezone.now())
    PromoUnit.objects.filter(number=1).update(held_until=read_db_now() - timedelta(milliseconds=1))
    second = reserve(promo, customer)
    late = credit(order)

    assert not revive_order(order_id=order.pk, deposit_id=late.pk, at=timezone.now())

    assert complete(second).state == "paid"
    assert PromoUnit.objects.filter(sold_at__isnull=False).count() == 1
    with pytest.raises(PromoLimitReachedError):
        reserve(promo, customer)


def test_an_unpaid_extension_counts_as_abandoned_and_one_that_was_paid_late_does_not(settings):
    settings.FLASH_ABANDONED_HOLDS = 1
    customer, promo = shopper(0), make_promo()
    _card, order = being_paid(promo, customer)
    let_time_pass(order)
    expire_due_orders(at=timezone.now())
    reserve(promo)
    deposit = credit(order)
    with pytest.raises(CoolingDownError):
        reserve(make_promo(), customer)

    revive_order(order_id=order.pk, deposit_id=deposit.pk, at=timezone.now())

    assert reserve(make_promo(), customer).state == "held"


def test_an_extension_that_is_called_off_counts_as_abandoned(settings):
    settings.FLASH_ABANDONED_HOLDS = 1
    customer, promo = shopper(0), make_promo()
    _card, order = being_paid(promo, customer)
    cancel_order(order_id=order.pk, actor_id=customer.pk, at=timezone.now(), customer_id=customer.pk)
    everything_is_done()
    rows = list(Reservation.objects.values())

    with pytest.raises(CoolingDownError):
        reserve(promo, customer)

    assert list(Reservation.objects.values()) == rows


# --- calling it off


def test_calling_the_waiting_order_off_frees_the_unit_at_once_and_tells_the_next():
    promo, customer, next_one = make_promo(), shopper(10_000), make_customer()
    card, order = being_paid(promo, customer, half_and_half())
    join_waitlist(promo_id=promo.pk, customer_id=next_one.pk)

    cancel_order(order_id=order.pk, actor_id=customer.pk, at=timezone.now(), customer_id=customer.pk)
    everything_is_done()

    assert Reservation.objects.get(pk=card.reservation_id).state == "cancelled"
    assert posted_and_held(customer.pk) == (10_000, 0)
    assert shelf(promo.variant) == (20, 1)
    assert not ActiveHold.objects.exists()
    assert WaitlistPlace.objects.get().told_at is not None
    assert reserve(promo, next_one).state == "held"


def test_the_reservation_alone_is_not_given_back_while_its_order_waits():
    customer = shopper(0)
    card, _order = being_paid(make_promo(), customer)
    before = list(PromoUnit.objects.values())

    with pytest.raises(ReservationBeingPaidError):
        cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)

    assert list(PromoUnit.objects.values()) == before
    assert ActiveHold.objects.get().reservation_id == card.reservation_id


def test_an_order_called_off_late_does_not_touch_the_next_holder():
    promo, customer = make_promo(), shopper(0)
    _card, order = being_paid(promo, customer)
    let_time_pass(order)
    rival = reserve(promo)

    cancel_order(order_id=order.pk, actor_id=None, at=timezone.now())
    everything_is_done()

    assert PromoUnit.objects.get().holder == rival.customer_id
    assert ActiveHold.objects.filter(customer=rival.customer_id).exists()
