"""Units as they are at this moment of the database's clock, and one's own minute."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from promotions.flash.live import active_reservation, live_states
from promotions.flash.models import PromoUnit
from promotions.flash.services.claims import cancel_reservation, reserve_unit
from promotions.flash.services.planning import end_promo

from .factories import let_lapse, make_customer, make_promo, make_variant

pytestmark = pytest.mark.django_db


def units(promo):
    return live_states([promo.pk])[promo.pk]


def test_held_units_are_left_but_not_free_and_the_first_to_lapse_is_named(django_assert_num_queries):
    promo, other = make_promo(units=3), make_promo(make_variant())
    first = reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk, hold=timedelta(seconds=30)).card
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk, hold=timedelta(seconds=90))

    with django_assert_num_queries(1):
        found = live_states([promo.pk, other.pk, uuid4()])

    assert {pk: (now.state, now.units_left, now.units_free) for pk, now in found.items()} == {
        promo.pk: ("running", 3, 1),
        other.pk: ("running", 1, 1),
    }
    assert found[other.pk].next_lapse_in is None
    assert 0 < (found[promo.pk].next_lapse_in or 0) <= 30
    let_lapse(first.reservation_id)
    now = units(promo)
    assert (now.units_left, now.units_free) == (3, 2)
    assert 30 < (now.next_lapse_in or 0) <= 90


def test_what_is_sold_is_left_no_more():
    promo = make_promo(units=2)
    PromoUnit.objects.filter(promo=promo, number=1).update(sold_at=timezone.now())
    assert (units(promo).units_left, units(promo).state) == (1, "running")

    PromoUnit.objects.filter(promo=promo).update(sold_at=timezone.now())

    assert (units(promo).units_left, units(promo).units_free, units(promo).state) == (0, 0, "sold_out")


def test_an_ended_promotion_says_so():
    promo = make_promo(units=2)
    end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())

    assert units(promo).state == "ended"


def test_the_minute_is_the_customers_until_it_lapses_or_is_given_back(django_assert_num_queries):
    promo, customer = make_promo(units=2), make_customer()
    assert active_reservation(customer.pk) is None
    held = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card

    with django_assert_num_queries(1):
        mine = active_reservation(customer.pk)
    assert mine is not None
    assert (mine.reservation_id, mine.state, 0 < mine.seconds_left <= 60) == (held.reservation_id, "held", True)
    assert active_reservation(make_customer().pk) is None

    let_lapse(held.reservation_id)
    assert active_reservation(customer.pk) is None
    again = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    cancel_reservation(reservation_id=again.reservation_id, customer_id=customer.pk)
    assert active_reservation(customer.pk) is None
