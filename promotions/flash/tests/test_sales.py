"""Selling a held unit: the fence, the clock, and once only."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.outbox.models import OutboxEvent
from promotions.facade import claim_sale, reservation_card
from promotions.flash.errors import ReservationCancelledError, ReservationLapsedError, ReservationNotFoundError
from promotions.flash.models import ActiveHold, PromoUnit, Reservation
from promotions.flash.services.claims import cancel_reservation, reserve_unit
from promotions.flash.services.planning import end_promo

from .factories import let_lapse, make_customer, make_promo

pytestmark = pytest.mark.django_db


@pytest.fixture
def held():
    """A promotion, its holder, the reservation."""
    promo, customer = make_promo(), make_customer()
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    return promo, customer, card


def sell(card, customer, order_id=None):
    """As purchases does it: inside the transaction that also makes the order."""
    with transaction.atomic():
        return claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=order_id or uuid4())


def test_the_holder_buys(held):
    promo, customer, card = held
    order_id = uuid4()

    sale = sell(card, customer, order_id)

    unit, reservation = PromoUnit.objects.get(), Reservation.objects.get()
    assert sale.existing_order_id is None
    assert (sale.promo_id, sale.variant_id, sale.store_id) == (promo.pk, promo.variant_id, promo.store_id)
    assert (sale.price, sale.promo_version, sale.unit_id) == (promo.promo_price, promo.version, unit.pk)
    assert unit.sold_at is not None
    assert (reservation.state, reservation.order_id) == ("completed", order_id)
    assert reservation.closed_at is not None
    assert not ActiveHold.objects.exists()
    assert OutboxEvent.objects.filter(wire_name="promotions.unit_sold").count() == 1


def test_buying_again_answers_with_the_first_order_and_changes_nothing(held):
    _promo, customer, card = held
    order_id = uuid4()
    sell(card, customer, order_id)
    before = (list(PromoUnit.objects.values()), list(Reservation.objects.values()), OutboxEvent.objects.count())

    again = sell(card, customer)

    assert again.existing_order_id == order_id
    assert (list(PromoUnit.objects.values()), list(Reservation.objects.values()), OutboxEvent.objects.count()) == before


def test_a_sale_costs_at_most_five_queries(held):
    _promo, customer, card = held

    with (
        transaction.atomic(),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())

    assert len(queries) <= 5, [query["sql"] for query in queries]


def test_past_the_minute_the_sale_is_lost(held):
    _promo, customer, card = held
    let_lapse(card.reservation_id)

    with pytest.raises(ReservationLapsedError):
        sell(card, customer)

    assert PromoUnit.objects.get().sold_at is None
    assert Reservation.objects.get().state == "held"


def test_the_fence_stops_the_earlier_holder_even_if_the_clock_would_not(held):
    promo, customer, card = held
    let_lapse(card.reservation_id)
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)
    Reservation.objects.filter(pk=card.reservation_id).update(expires_at=read_db_now() + timedelta(minutes=1))

    with pytest.raises(ReservationLapsedError):
        sell(card, customer)

    assert PromoUnit.objects.get().sold_at is None


def test_the_fence_stops_an_earlier_claim_of_the_same_customer(held):
    promo, customer, card = held
    let_lapse(card.reservation_id)
    newer = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card

    with pytest.raises(ReservationLapsedError):
        sell(card, customer)

    assert ActiveHold.objects.get().reservation_id == newer.reservation_id
    assert sell(newer, customer).existing_order_id is None


def test_a_cancelled_reservation_is_not_sold(held):
    _promo, customer, card = held
    cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)

    with pytest.raises(ReservationCancelledError):
        sell(card, customer)


def test_somebody_else_cannot_buy_it(held):
    _promo, _customer, card = held

    with pytest.raises(ReservationNotFoundError):
        sell(card, make_customer())


def test_the_holder_buys_within_the_minute_although_the_promotion_was_ended(held):
    promo, customer, card = held
    end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())

    assert sell(card, customer).existing_order_id is None


def test_an_order_that_fails_afterwards_leaves_the_hold(held):
    _promo, customer, card = held

    with transaction.atomic():
        sell(card, customer)
        transaction.set_rollback(True)  # too little money, say

    assert PromoUnit.objects.get().sold_at is None
    assert ActiveHold.objects.get().reservation_id == card.reservation_id
    assert reservation_card(card.reservation_id).state == "held"
