"""What reservations give, for carts: the holder's alone, and where each stands by the database's clock."""

from uuid import uuid4

import pytest

from marketplace.core.money import Money
from promotions.facade import held_unit, reserved_units
from promotions.flash.errors import (
    ReservationCancelledError,
    ReservationCompletedError,
    ReservationLapsedError,
    ReservationNotFoundError,
)
from promotions.flash.services.claims import cancel_reservation, claim_sale, reserve_unit

from .factories import let_lapse, make_customer, make_promo

pytestmark = pytest.mark.django_db


def test_a_holder_sees_the_unit_and_its_price(django_assert_num_queries):
    promo, customer = make_promo(), make_customer()
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card

    with django_assert_num_queries(1):
        unit = held_unit(card.reservation_id, customer.pk)

    assert (unit.promo_id, unit.variant_id, unit.store_id) == (promo.pk, promo.variant_id, promo.store_id)
    assert (unit.price, unit.state, unit.expires_at) == (Money(19_900, "MXN"), "held", card.expires_at)
    assert 0 < unit.seconds_left <= 60


def test_nobody_else_sees_it():
    card = reserve_unit(promo_id=make_promo().pk, customer_id=make_customer().pk).card

    with pytest.raises(ReservationNotFoundError):
        held_unit(card.reservation_id, make_customer().pk)
    with pytest.raises(ReservationNotFoundError):
        held_unit(uuid4(), card.customer_id)


@pytest.mark.parametrize(
    ("end", "state", "error"),
    [
        (lambda card: let_lapse(card.reservation_id), "lapsed", ReservationLapsedError),
        (
            lambda card: cancel_reservation(reservation_id=card.reservation_id, customer_id=card.customer_id),
            "cancelled",
            ReservationCancelledError,
        ),
        (
            lambda card: claim_sale(reservation_id=card.reservation_id, customer_id=card.customer_id, order_id=uuid4()),
            "completed",
            ReservationCompletedError,
        ),
    ],
    ids=["lapsed", "cancelled", "completed"],
)
def test_one_that_is_over_says_how(end, state, error):
    card = reserve_unit(promo_id=make_promo().pk, customer_id=make_customer().pk).card
    end(card)

    with pytest.raises(error):
        held_unit(card.reservation_id, card.customer_id)
    assert reserved_units([card.reservation_id, uuid4()])[card.reservation_id].state == state
