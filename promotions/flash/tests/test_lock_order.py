"""The customer's hold, then the unit: every move of a unit keeps to it, so that no two can wait for each other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction

from marketplace.core.locking import LockOrderError, LockRank, enter
from promotions.contracts import ReservationCard
from promotions.flash.services.claims import cancel_reservation, claim_sale, reserve_unit
from promotions.flash.services.paying import claim_paid_unit, give_unit_up, hold_for_payment

from .factories import make_customer, make_promo

pytestmark = pytest.mark.django_db

WRONG = "ACTIVE_HOLD locked after PROMOTION_UNIT"
Move = Callable[[], Any]


def held() -> ReservationCard:
    return reserve_unit(promo_id=make_promo().pk, customer_id=make_customer().pk).card


def being_paid() -> tuple[UUID, UUID]:
    """A reservation whose order waits, and that order."""
    card, order_id = held(), uuid4()
    hold_for_payment(
        reservation_id=card.reservation_id,
        customer_id=card.customer_id,
        order_id=order_id,
        lasts=timedelta(minutes=5),
    )
    return card.reservation_id, order_id


def claim() -> Move:
    promo, customer = make_promo(), make_customer()
    return lambda: reserve_unit(promo_id=promo.pk, customer_id=customer.pk)


def give_back() -> Move:
    card = held()
    return lambda: cancel_reservation(reservation_id=card.reservation_id, customer_id=card.customer_id)


def buy() -> Move:
    card = held()
    return lambda: claim_sale(reservation_id=card.reservation_id, customer_id=card.customer_id, order_id=uuid4())


def begin_to_pay() -> Move:
    card = held()
    return lambda: hold_for_payment(
        reservation_id=card.reservation_id,
        customer_id=card.customer_id,
        order_id=uuid4(),
        lasts=timedelta(minutes=5),
    )


def pay() -> Move:
    reservation_id, order_id = being_paid()
    return lambda: claim_paid_unit(reservation_id=reservation_id, order_id=order_id)


def call_off() -> Move:
    reservation_id, order_id = being_paid()
    return lambda: give_unit_up(reservation_id=reservation_id, order_id=order_id)


each_move = pytest.mark.parametrize(
    "prepare", [claim, give_back, buy, begin_to_pay, pay, call_off], ids=lambda prepare: prepare.__name__
)


@each_move
def test_who_has_locked_a_unit_is_not_let_on_to_a_hold(prepare: Callable[[], Move]) -> None:
    move = prepare()

    with transaction.atomic():
        enter(LockRank.PROMOTION_UNIT)
        with pytest.raises(LockOrderError, match=WRONG):
            move()


@each_move
def test_after_the_unit_the_same_transaction_locks_no_hold(prepare: Callable[[], Move]) -> None:
    move = prepare()

    with transaction.atomic():
        move()
        with pytest.raises(LockOrderError, match=WRONG):
            enter(LockRank.ACTIVE_HOLD)
