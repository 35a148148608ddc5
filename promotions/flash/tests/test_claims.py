"""The claim: who gets a unit, who is refused and why, and that a refusal leaves no trace."""

import time
from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.outbox.models import OutboxEvent
from promotions.flash.errors import (
    ActiveHoldExistsError,
    NotEligibleError,
    PromoHeldError,
    PromoNotFoundError,
    PromoNotRunningError,
    PromoSoldOutError,
    ReservationCompletedError,
    ReservationLapsedError,
    ReservationNotFoundError,
)
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation
from promotions.flash.services.claims import HOLD, cancel_reservation, claim_sale, reserve_unit
from promotions.flash.services.planning import end_promo
from users.facade import AccessRevokedError, CustomerNotFoundError

from .factories import let_lapse, make_customer, make_promo, make_segment, make_variant

pytestmark = pytest.mark.django_db

FAR = (20.6597, -103.3496)  # Guadalajara


def reserve(promo, customer, **kwargs):
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk, **kwargs)


def trace():
    """Everything a claim may write."""
    return (
        list(PromoUnit.objects.order_by("pk").values()),
        list(Reservation.objects.order_by("pk").values()),
        list(ActiveHold.objects.order_by("pk").values()),
        OutboxEvent.objects.count(),
    )


def test_an_eligible_customer_gets_a_unit_for_sixty_seconds_of_the_databases_clock():
    promo, customer = make_promo(), make_customer()
    before = read_db_now()

    reserved = reserve(promo, customer)

    after = read_db_now()
    unit, hold = PromoUnit.objects.get(), ActiveHold.objects.get()
    assert reserved.is_new
    assert (reserved.card.state, reserved.card.seconds_left) == ("held", 60)
    assert before + HOLD <= reserved.card.expires_at <= after + HOLD
    assert (unit.holder, unit.held_until, unit.claim_no) == (customer.pk, reserved.card.expires_at, 1)
    assert (hold.customer, hold.until, hold.promo_id) == (customer.pk, reserved.card.expires_at, promo.pk)
    assert OutboxEvent.objects.filter(wire_name="promotions.unit_reserved").count() == 1


def test_asking_again_gives_the_same_reservation_and_the_same_deadline():
    promo, customer = make_promo(units=2), make_customer()
    first = reserve(promo, customer)
    before = trace()

    second = reserve(promo, customer)

    assert not second.is_new
    assert second.card.reservation_id == first.card.reservation_id
    assert second.card.expires_at == first.card.expires_at
    assert trace() == before


def test_a_held_unit_is_refused_with_the_seconds_left():
    promo, winner, loser = make_promo(), make_customer(), make_customer()
    reserve(promo, winner)
    before = trace()

    with pytest.raises(PromoHeldError) as refusal:
        reserve(promo, loser)

    assert 59 <= refusal.value.params["seconds_left"] <= 60
    assert refusal.value.retry_after == refusal.value.params["seconds_left"]
    assert trace() == before


@pytest.mark.parametrize("limit", [None, 1], ids=["without a limit", "with a limit"])
def test_who_comes_too_late_costs_one_query(django_assert_num_queries, limit):
    promo, late = make_promo(units_per_customer=limit), make_customer()
    reserve(promo, make_customer())

    with django_assert_num_queries(1), pytest.raises(PromoHeldError) as refusal:
        reserve(promo, late)

    assert 59 <= refusal.value.params["seconds_left"] <= 60


def test_seconds_left_are_those_of_the_hold_that_lapses_first():
    promo = make_promo(units=2)
    reserve(promo, make_customer(), hold=timedelta(seconds=20))
    reserve(promo, make_customer())

    with pytest.raises(PromoHeldError) as refusal:
        reserve(promo, make_customer())

    assert 19 <= refusal.value.params["seconds_left"] <= 20


def test_units_are_taken_in_order_and_each_once():
    promo = make_promo(units=3)

    for _ in range(3):
        reserve(promo, make_customer())

    assert list(PromoUnit.objects.order_by("number").values_list("claim_no", flat=True)) == [1, 1, 1]
    assert PromoUnit.objects.values("holder").distinct().count() == 3


def test_a_lapsed_hold_is_free_by_the_clock_with_no_task_run():
    promo, first, second = make_promo(), make_customer(), make_customer()
    abandoned = reserve(promo, first).card
    let_lapse(abandoned.reservation_id)

    taken = reserve(promo, second)

    unit = PromoUnit.objects.get()
    assert taken.is_new
    assert (unit.holder, unit.claim_no) == (second.pk, 2)


def test_the_next_customer_wins_within_a_second_of_the_real_end_of_a_hold():
    promo, second = make_promo(), make_customer()
    held = reserve(promo, make_customer(), hold=timedelta(seconds=1)).card

    won_at = None
    while won_at is None:
        try:
            reserve(promo, second)
            won_at = read_db_now()
        except PromoHeldError:
            assert read_db_now() < held.expires_at + timedelta(seconds=1)
            time.sleep(0.05)

    assert held.expires_at <= won_at <= held.expires_at + timedelta(seconds=1)


def test_a_customer_whose_hold_lapsed_may_claim_again_under_a_new_number():
    promo, customer = make_promo(), make_customer()
    first = reserve(promo, customer).card
    let_lapse(first.reservation_id)

    second = reserve(promo, customer)

    assert second.is_new
    assert second.card.reservation_id != first.reservation_id
    assert Reservation.objects.get(pk=second.card.reservation_id).claim_no == 2


def test_one_active_hold_per_customer():
    customer, other = make_customer(), make_promo()
    held = reserve(make_promo(), customer).card
    before = trace()

    with pytest.raises(ActiveHoldExistsError) as refusal:
        reserve(other, customer)

    assert refusal.value.params["promo"] == held.promo_id
    assert refusal.value.params["reservation"] == held.reservation_id
    assert 59 <= refusal.value.params["seconds_left"] <= 60
    assert trace() == before


def test_after_a_lapse_the_active_hold_is_free_too():
    customer = make_customer()
    let_lapse(reserve(make_promo(), customer).card.reservation_id)

    assert reserve(make_promo(), customer).is_new


@pytest.mark.parametrize(
    ("place", "in_segment", "rules"),
    [
        (FAR, True, ("distance",)),
        (None, True, ("no_location",)),
        ((19.4326, -99.1332), False, ("segment",)),
        (FAR, False, ("segment", "distance")),
    ],
)
def test_each_failed_rule_is_named(place, in_segment, rules):
    segment = make_segment("vip")
    promo = make_promo(segment_ids=frozenset({segment.pk}))
    customer = make_customer(place=place, segments=(segment,) if in_segment else ())
    before = trace()

    with pytest.raises(NotEligibleError) as refusal:
        reserve(promo, customer)

    assert refusal.value.params["failed_rules"] == rules
    assert trace() == before


def test_one_segment_of_several_is_enough_and_no_radius_is_everywhere():
    first, second = make_segment("vip"), make_segment("new")
    promo = make_promo(segment_ids=frozenset({first.pk, second.pk}), radius_km=None)

    assert reserve(promo, make_customer(place=None, segments=(second,))).is_new


def test_the_claim_rereads_the_customer():
    promo, customer = make_promo(), make_customer()
    apps.get_model("users.CustomerProfile").objects.filter(user=customer).update(latitude=FAR[0], longitude=FAR[1])

    with pytest.raises(NotEligibleError):
        reserve(promo, customer)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda promo: FlashPromo.objects.update(starts_at=timezone.now() + timedelta(minutes=5)),
        lambda promo: FlashPromo.objects.update(
            starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() - timedelta(seconds=1)
        ),
        lambda promo: FlashPromo.objects.update(is_active=False),
        lambda promo: end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now()),
        lambda promo: apps.get_model("stores.Store").objects.update(state="paused"),
        lambda promo: apps.get_model("stores.Variant").objects.update(is_active=False),
        lambda promo: apps.get_model("stores.Product").objects.update(is_published=False),
    ],
    ids=["to come", "over", "inactive", "ended by staff", "store paused", "variant off", "product unpublished"],
)
def test_what_does_not_run_is_refused(spoil):
    promo, customer = make_promo(), make_customer()
    spoil(promo)
    before = trace()

    with pytest.raises(PromoNotRunningError):
        reserve(promo, customer)

    assert trace() == before


@pytest.mark.parametrize("who", ["nobody", "staff without a profile"])
def test_who_is_no_customer_gets_nothing(who):
    promo, customer_id = make_promo(), uuid4()
    if who != "nobody":
        customer_id = make_customer().pk
        apps.get_model("users.CustomerProfile").objects.filter(user=customer_id).delete()
    before = trace()

    with pytest.raises(CustomerNotFoundError):
        reserve_unit(promo_id=promo.pk, customer_id=customer_id)

    assert trace() == before


@pytest.mark.parametrize(
    ("change", "version"),
    [({}, -1), ({}, 1), ({"is_active": False}, 0)],
    ids=["an older token", "a newer token", "an account that is off"],
)
def test_a_token_out_of_force_takes_nothing(change, version):
    promo, customer = make_promo(), make_customer()
    now = customer.token_version
    apps.get_model("users.User").objects.filter(pk=customer.pk).update(**change)
    before = trace()

    with pytest.raises(AccessRevokedError):
        reserve(promo, customer, token_version=now + version)

    assert trace() == before


def test_a_token_in_force_takes_a_unit():
    promo, customer = make_promo(), make_customer()

    assert reserve(promo, customer, token_version=customer.token_version).is_new


def test_an_account_that_is_off_is_not_eligible():
    promo, customer = make_promo(), make_customer(place=FAR, is_active=False)

    with pytest.raises(NotEligibleError) as refusal:
        reserve(promo, customer)

    assert refusal.value.params["failed_rules"] == ("inactive", "distance")


def test_an_unknown_promotion_is_not_found():
    with pytest.raises(PromoNotFoundError):
        reserve_unit(promo_id=uuid4(), customer_id=make_customer().pk)


def test_sold_out_is_said_as_such_also_after_the_end():
    promo, buyer = make_promo(), make_customer()
    claim_sale(reservation_id=reserve(promo, buyer).card.reservation_id, customer_id=buyer.pk, order_id=uuid4())

    with pytest.raises(PromoSoldOutError):
        reserve(promo, make_customer())
    end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())
    with pytest.raises(PromoSoldOutError):
        reserve(promo, make_customer())


def test_cancelling_frees_the_unit_and_the_customer_at_once():
    promo, customer = make_promo(), make_customer()
    held = reserve(promo, customer).card

    card = cancel_reservation(reservation_id=held.reservation_id, customer_id=customer.pk)

    unit = PromoUnit.objects.get()
    assert (card.state, card.seconds_left) == ("cancelled", 0)
    assert (unit.holder, unit.held_until, unit.claim_no) == (None, None, 1)
    assert not ActiveHold.objects.exists()
    assert OutboxEvent.objects.filter(wire_name="promotions.hold_released").count() == 1
    assert reserve(promo, make_customer()).is_new


def test_cancelling_twice_changes_nothing_more():
    promo, customer = make_promo(), make_customer()
    held = reserve(promo, customer).card
    cancel_reservation(reservation_id=held.reservation_id, customer_id=customer.pk)
    reserve(promo, make_customer())
    before = trace()

    cancel_reservation(reservation_id=held.reservation_id, customer_id=customer.pk)

    assert trace() == before


def test_cancelling_late_does_not_touch_the_next_holder():
    promo, customer = make_promo(), make_customer()
    late = reserve(promo, customer).card
    let_lapse(late.reservation_id)
    reserve(promo, make_customer())
    before = trace()

    with pytest.raises(ReservationLapsedError):
        cancel_reservation(reservation_id=late.reservation_id, customer_id=customer.pk)

    assert trace() == before


def test_cancelling_keeps_the_hold_the_customer_has_meanwhile():
    customer, first, second = make_customer(), make_promo(), make_promo()
    late = reserve(first, customer).card
    let_lapse(late.reservation_id)
    newer = reserve(second, customer).card

    with pytest.raises(ReservationLapsedError):
        cancel_reservation(reservation_id=late.reservation_id, customer_id=customer.pk)

    assert ActiveHold.objects.get().reservation_id == newer.reservation_id


def test_what_was_bought_is_not_cancelled_here():
    promo, customer = make_promo(), make_customer()
    held = reserve(promo, customer).card
    claim_sale(reservation_id=held.reservation_id, customer_id=customer.pk, order_id=uuid4())

    with pytest.raises(ReservationCompletedError):
        cancel_reservation(reservation_id=held.reservation_id, customer_id=customer.pk)


def test_somebody_elses_reservation_is_not_found():
    held = reserve(make_promo(), make_customer()).card

    with pytest.raises(ReservationNotFoundError):
        cancel_reservation(reservation_id=held.reservation_id, customer_id=make_customer().pk)


def test_with_many_units_a_free_one_is_found_behind_the_held_ones():
    promo = make_promo(make_variant(on_hand=300), units=300)
    PromoUnit.objects.filter(number__lte=298).update(holder=uuid4(), held_until=read_db_now() + HOLD)

    reserve(promo, make_customer())
    reserve(promo, make_customer())

    assert not PromoUnit.objects.filter(holder__isnull=True).exists()
