"""What a request finds that looked before somebody else took: the second half of the claim by itself, on any engine."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.outbox.models import OutboxEvent
from promotions.flash import state, statements
from promotions.flash.errors import CoolingDownError, PromoHeldError, ReservationLapsedError
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace
from promotions.flash.services import claims
from promotions.flash.services.claims import HOLD, cancel_reservation, claim_sale, look, reserve_unit
from promotions.flash.services.waitlist import join_waitlist, leave_waitlist, tell_next

from .factories import let_lapse, make_customer, make_promo

pytestmark = pytest.mark.django_db


def reserve(promo, customer):
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card


def seen(promo, customer):
    scene = look(promo_id=promo.pk, customer_id=customer.pk)
    assert scene is not None
    return scene


def take(promo, customer, scene):
    return claims._take(promo_id=promo.pk, customer_id=customer.pk, scene=scene, hold=HOLD)


class Rivals:
    """Others who have the promotion's units whenever this customer has looked, and give them back before the next look.

    Put around the database's statements.
    """

    def __init__(self, promo):
        self.units = PromoUnit.objects.filter(promo=promo)
        self.looks = 0

    def __call__(self, execute, sql, params, many, context):
        if sql != statements.sql("look"):
            return execute(sql, params, many, context)
        self.looks += 1
        self.units.update(holder=None, held_until=None)
        seen_by_now = execute(sql, params, many, context)
        self.units.update(holder=uuid4(), held_until=read_db_now() + HOLD)
        return seen_by_now


def trace():
    return (
        list(PromoUnit.objects.order_by("pk").values()),
        list(Reservation.objects.order_by("pk").values()),
        list(ActiveHold.objects.order_by("pk").values()),
        OutboxEvent.objects.count(),
    )


def test_who_saw_a_free_unit_that_is_taken_meanwhile_is_told_when_it_comes_free():
    promo, winner, loser = make_promo(), make_customer(), make_customer()
    scene = seen(promo, loser)
    reserve(promo, winner)
    before = trace()

    with pytest.raises(PromoHeldError) as refusal:
        take(promo, loser, scene)

    assert refusal.value.params["seconds_left"] == 60
    assert trace() == before


def test_where_an_older_hold_lapses_sooner_that_is_what_is_told():
    promo, first, winner, loser = make_promo(units=2), make_customer(), make_customer(), make_customer()
    older = reserve(promo, first)
    PromoUnit.objects.filter(holder=first.pk).update(held_until=read_db_now() + timedelta(seconds=20.5))
    scene = seen(promo, loser)
    reserve(promo, winner)

    with pytest.raises(PromoHeldError) as refusal:
        take(promo, loser, scene)

    assert older.promo_id == promo.pk
    assert 15 <= refusal.value.params["seconds_left"] <= 21


def test_a_moment_that_is_past_is_not_what_is_told():
    promo, first, loser, winner = make_promo(), make_customer(), make_customer(), make_customer()
    let_lapse(reserve(promo, first).reservation_id)
    scene = seen(promo, loser)
    assert scene.has_free_unit
    reserve(promo, winner)

    with pytest.raises(PromoHeldError) as refusal:
        take(promo, loser, scene)

    assert refusal.value.params["seconds_left"] == 60


def test_with_a_limit_whoever_comes_away_empty_looks_again():
    promo, winner, loser = make_promo(units_per_customer=1), make_customer(), make_customer()
    scene = seen(promo, loser)
    reserve(promo, winner)
    before = trace()

    with pytest.raises(claims._OtherRequestWonError):
        take(promo, loser, scene)

    assert trace() == before


def test_who_comes_away_empty_three_times_is_told_to_ask_again_in_a_second():
    promo, customer = make_promo(units=2, units_per_customer=1), make_customer()
    rivals = Rivals(promo)

    with connection.execute_wrapper(rivals), pytest.raises(PromoHeldError) as refusal:
        reserve(promo, customer)

    assert (refusal.value.params["seconds_left"], refusal.value.retry_after) == (1, 1)
    assert rivals.looks == 3
    assert not ActiveHold.objects.exists()
    assert not Reservation.objects.exists()


def test_who_buys_their_last_one_between_the_look_and_the_claim_gets_none_more():
    promo, customer = make_promo(units=2, units_per_customer=1), make_customer()
    scene = seen(promo, customer)
    claim_sale(reservation_id=reserve(promo, customer).reservation_id, customer_id=customer.pk, order_id=uuid4())
    before = trace()

    with pytest.raises(claims._OtherRequestWonError):
        take(promo, customer, scene)

    assert trace() == before


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": timedelta(minutes=5)},
        {"starts_at": timedelta(minutes=-5), "ends_at": timedelta(seconds=-1)},
        {"is_active": False},
        {"ended_at": timedelta(seconds=-1)},
    ],
    ids=["to come after all", "over", "paused", "ended"],
)
def test_a_promotion_that_stops_between_the_look_and_the_claim_gives_no_unit(change):
    promo, customer = make_promo(), make_customer()
    make_promo()  # goes on
    scene, now = seen(promo, customer), timezone.now()
    moments = {key: now + value if isinstance(value, timedelta) else value for key, value in change.items()}
    FlashPromo.objects.filter(pk=promo.pk).update(**moments)
    before = trace()

    with pytest.raises(PromoHeldError):
        take(promo, customer, scene)

    assert trace() == before


def test_a_hold_that_lapses_within_the_second_is_told_as_one_second():
    promo, winner, loser = make_promo(), make_customer(), make_customer()
    scene = replace(seen(promo, loser), lapse_in=0.4)
    reserve(promo, winner)

    with pytest.raises(PromoHeldError) as refusal:
        take(promo, loser, scene)

    assert refusal.value.params["seconds_left"] == 1


def leave(promo, customer):
    join_waitlist(promo_id=promo.pk, customer_id=customer.pk)
    leave_waitlist(promo_id=promo.pk, customer_id=customer.pk)


@pytest.mark.parametrize(
    "before",
    [
        lambda _promo, _customer: None,
        lambda promo, _customer: join_waitlist(promo_id=promo.pk, customer_id=make_customer().pk),
        lambda promo, customer: (
            join_waitlist(promo_id=make_promo().pk, customer_id=customer.pk),
            leave(promo, make_customer()),
        ),
        leave,
    ],
    ids=["nobody waits", "another waits", "waits elsewhere", "has left"],
)
def test_a_claim_of_somebody_in_no_line_costs_nothing_for_it(before):
    promo, customer = make_promo(), make_customer()
    before(promo, customer)

    with CaptureQueriesContext(connection) as queries:
        reserve(promo, customer)

    places = WaitlistPlace._meta.db_table
    assert not [query["sql"] for query in queries if query["sql"].startswith("UPDATE") and places in query["sql"]]


def test_a_customer_whose_other_request_took_a_hold_looks_again():
    promo, other, customer = make_promo(), make_promo(), make_customer()
    scene = seen(promo, customer)
    reserve(other, customer)
    before = trace()

    with pytest.raises(claims._OtherRequestWonError):
        take(promo, customer, scene)

    assert trace() == before


@pytest.mark.parametrize(("seconds", "told"), [(-1.0, 1), (0.0, 1), (0.2, 1), (1.0, 1), (1.01, 2), (59.5, 60)])
def test_the_seconds_told_are_whole_and_at_least_one(seconds, told):
    error = claims._held(seconds)

    assert (error.params["seconds_left"], error.retry_after) == (told, told)


@pytest.mark.parametrize(("seconds", "whole"), [(-3.0, 0), (0.0, 0), (0.1, 1), (2.0, 2), (2.001, 3)])
def test_seconds_are_rounded_up_and_never_negative(seconds, whole):
    assert state.whole_seconds(seconds) == whole


@pytest.mark.parametrize(
    ("state_now", "early", "said"),
    [
        ("held", timedelta(milliseconds=1), "held"),
        ("held", timedelta(0), "lapsed"),
        ("completed", timedelta(0), "completed"),
        ("cancelled", timedelta(0), "cancelled"),
    ],
)
def test_a_hold_has_lapsed_at_its_very_moment_and_nothing_else_has(state_now, early, said):
    reservation = Reservation(state=state_now, expires_at=timezone.now())

    assert state.reservation_state(reservation, at=reservation.expires_at - early) == said


def test_the_hour_of_abandoned_holds_is_between_the_first_and_the_last():
    customer, earlier, promo = make_customer(), make_promo(), make_promo()
    for ago in (62, 30, 5):
        let_lapse(reserve(earlier, customer).reservation_id, ago=timedelta(minutes=ago))

    with pytest.raises(CoolingDownError) as refusal:
        reserve(promo, customer)

    assert 60 * 10 - 5 <= refusal.value.params["seconds_left"] <= 60 * 10


@pytest.mark.parametrize(
    ("after", "is_abandoned"),
    [(timedelta(seconds=10), False), (timedelta(seconds=10, milliseconds=1), True)],
    ids=["at its end", "past it"],
)
def test_giving_back_is_free_to_the_end_of_the_tenth_second(monkeypatch, after, is_abandoned):
    customer = make_customer()
    card = reserve(make_promo(), customer)
    taken_at = card.expires_at - HOLD
    monkeypatch.setattr(claims, "read_db_now", lambda: taken_at + after)

    cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)

    reservation = Reservation.objects.get()
    assert (reservation.state, reservation.is_abandoned) == ("cancelled", is_abandoned)
    assert reservation.closed_at == taken_at + after


@pytest.mark.parametrize("gone", ["sold_at", "released_at"])
def test_a_unit_that_is_sold_or_given_back_is_held_no_more(gone):
    promo, customer = make_promo(), make_customer()
    card = reserve(promo, customer)
    PromoUnit.objects.update(**{gone: read_db_now()})
    before = trace()

    # The reservation says that it is held still, the unit says otherwise.
    for service, values in ((cancel_reservation, {}), (claim_sale, {"order_id": uuid4()})):
        with pytest.raises(ReservationLapsedError), transaction.atomic():
            service(reservation_id=card.reservation_id, customer_id=customer.pk, **values)

    assert trace() == before


def test_giving_back_frees_one_unit_and_ends_one_hold():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    mine, theirs = reserve(promo, ann), reserve(promo, bob)

    cancel_reservation(reservation_id=mine.reservation_id, customer_id=ann.pk)

    assert list(PromoUnit.objects.filter(holder__isnull=False).values_list("holder", flat=True)) == [bob.pk]
    assert list(ActiveHold.objects.values_list("reservation_id", flat=True)) == [theirs.reservation_id]
    assert {each.pk: each.state for each in Reservation.objects.all()} == {
        mine.reservation_id: "cancelled",
        theirs.reservation_id: "held",
    }


def test_buying_sells_one_unit_and_closes_one_reservation():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    mine, theirs = reserve(promo, ann), reserve(promo, bob)

    claim_sale(reservation_id=mine.reservation_id, customer_id=ann.pk, order_id=uuid4())

    assert list(PromoUnit.objects.filter(sold_at__isnull=False).values_list("holder", flat=True)) == [ann.pk]
    assert list(ActiveHold.objects.values_list("reservation_id", flat=True)) == [theirs.reservation_id]
    assert {each.pk: each.state for each in Reservation.objects.all()} == {
        mine.reservation_id: "completed",
        theirs.reservation_id: "held",
    }


def test_the_line_of_a_promotion_that_is_paused_does_not_move_for_another_that_is_on():
    paused, on = make_promo(), make_promo()
    holder, other, waiting = make_customer(), make_customer(), make_customer()
    card = reserve(paused, holder)
    reserve(on, other)
    for promo in (paused, on):
        join_waitlist(promo_id=promo.pk, customer_id=waiting.pk)
    let_lapse(card.reservation_id)
    FlashPromo.objects.filter(pk=paused.pk).update(is_active=False)

    assert tell_next(promo_id=paused.pk) == 0
    assert not WaitlistPlace.objects.filter(told_at__isnull=False).exists()
