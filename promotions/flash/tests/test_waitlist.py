"""The queue for units: who is told, in which order, once, and what closes a place."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from marketplace.core.clock import read_db_now
from marketplace.core.erasure import erase_person
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from promotions.flash.errors import (
    NotEligibleError,
    NotInLineError,
    PromoLimitReachedError,
    PromoNotFoundError,
    PromoNotRunningError,
    PromoSoldOutError,
    UnitHeldAlreadyError,
)
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, WaitlistPlace
from promotions.flash.selectors import place_card, promos_to_tell
from promotions.flash.services import waitlist
from promotions.flash.services.claims import cancel_reservation, claim_sale, reserve_unit
from promotions.flash.services.lifecycle import clean_up_expired
from promotions.flash.services.planning import change_promo, end_promo
from promotions.flash.services.waitlist import join_waitlist, leave_waitlist, tell_due_promos, tell_next
from promotions.flash.tasks import run_due_moments

from .factories import let_lapse, make_customer, make_promo, make_variant

pytestmark = pytest.mark.django_db

FAR = (20.6597, -103.3496)  # Guadalajara


def join(promo, *customers):
    return [join_waitlist(promo_id=promo.pk, customer_id=customer.pk) for customer in customers]


def hold(promo, customer=None):
    customer = customer or make_customer()
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card


def place(promo, customer):
    return place_card(promo_id=promo.pk, customer_id=customer.pk)


def told():
    """Whom the facts so far name, in order."""
    events = OutboxEvent.objects.filter(wire_name="promotions.unit_freed").order_by("pk")
    return [
        event.payload["data"]["customer_id"] if "data" in event.payload else event.payload["customer_id"]
        for event in events
    ]


def names(*customers):
    return [str(customer.pk) for customer in customers]


def let_notices_pass(*, seconds: int = 21) -> None:
    """As if they had been told so much earlier; the units have been free since before that."""
    shift = timedelta(seconds=seconds)
    told_ones: Any = WaitlistPlace.objects.filter(told_until__isnull=False)
    for row in told_ones:
        WaitlistPlace.objects.filter(pk=row.pk).update(told_at=row.told_at - shift, told_until=row.told_until - shift)
    PromoUnit.objects.filter(held_until__lte=read_db_now()).update(held_until=read_db_now() - timedelta(minutes=2))


def queue(people: int = 3, **terms):
    """A promotion whose one unit is held, and so many in line."""
    promo = make_promo(**terms)
    card = hold(promo)
    line = [make_customer() for _ in range(people)]
    join(promo, *line)
    return promo, card, line


# --- joining and leaving


def test_places_are_given_in_order_and_joining_again_changes_nothing():
    promo, _card, (first, second, third) = queue()

    again = join(promo, second)[0]

    assert not again.is_new
    assert [place(promo, each).people_before for each in (first, second, third)] == [0, 1, 2]
    assert [place(promo, each).position for each in (first, second, third)] == [1, 2, 3]
    assert place(promo, third).state == "waiting"
    assert WaitlistPlace.objects.count() == 3


def test_who_leaves_makes_room_and_comes_back_at_the_end():
    promo, _card, (first, second, third) = queue()

    assert leave_waitlist(promo_id=promo.pk, customer_id=first.pk)
    assert not leave_waitlist(promo_id=promo.pk, customer_id=first.pk)

    assert place(promo, first).state == "closed"
    assert (place(promo, first).position, place(promo, second).position) == (None, 1)
    assert join(promo, first)[0].is_new
    assert [place(promo, each).position for each in (second, third, first)] == [1, 2, 3]


def test_who_never_joined_has_no_place():
    with pytest.raises(NotInLineError):
        place(make_promo(), make_customer())


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda promo, _who: FlashPromo.objects.update(is_active=False), PromoNotRunningError),
        (lambda promo, _who: end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now()), PromoNotRunningError),
        (
            lambda promo, who: (
                apps.get_model("users.CustomerProfile")
                .objects.filter(user=who)
                .update(latitude=FAR[0], longitude=FAR[1])
            ),
            NotEligibleError,
        ),
        (hold, UnitHeldAlreadyError),
        (lambda promo, _who: PromoUnit.objects.update(sold_at=timezone.now()), PromoSoldOutError),
    ],
    ids=["paused", "ended", "too far", "holds one", "sold out"],
)
def test_who_could_not_buy_does_not_wait(spoil, error):
    promo, customer = make_promo(units=2), make_customer()
    spoil(promo, customer)

    with pytest.raises(error):
        join(promo, customer)

    assert not WaitlistPlace.objects.exists()
    assert not FlashPromo.objects.filter(has_waitlist=True).exists()


def test_who_has_bought_enough_does_not_wait():
    promo, customer = make_promo(units=2, units_per_customer=1), make_customer()
    claim_sale(reservation_id=hold(promo, customer).reservation_id, customer_id=customer.pk, order_id=uuid4())

    with pytest.raises(PromoLimitReachedError):
        join(promo, customer)

    assert not WaitlistPlace.objects.exists()


def test_an_unknown_promotion_has_no_queue():
    with pytest.raises(PromoNotFoundError):
        join_waitlist(promo_id=uuid4(), customer_id=make_customer().pk)


# --- telling


def test_a_lapse_is_told_to_the_next_in_line_with_no_event_of_its_own():
    promo, card, (first, second, _third) = queue()
    assert tell_due_promos(at=timezone.now()) == 0
    let_lapse(card.reservation_id)

    run_due_moments()

    assert told() == names(first)
    mine = place(promo, first)
    assert (mine.state, mine.position) == ("told", 1)
    assert 18 <= mine.seconds_left <= 20
    assert place(promo, second).state == "waiting"


def test_a_unit_that_is_given_back_is_told_by_its_event():
    promo, card, (first, *_others) = queue()

    cancel_reservation(reservation_id=card.reservation_id, customer_id=card.customer_id)
    drain()

    assert told() == names(first)
    message = apps.get_model("notifications.Message").objects.get(kind="flash_unit_free")
    assert message.recipient == first.pk
    assert message.params["promo"] == str(promo.pk)


def test_one_is_told_for_each_free_unit_and_the_same_twice_is_once():
    promo = make_promo(make_variant(on_hand=9), units=2)
    cards, line = [hold(promo), hold(promo)], [make_customer() for _ in range(4)]
    join(promo, *line)
    for card in cards:
        let_lapse(card.reservation_id)

    assert tell_next(promo_id=promo.pk) == 2
    assert tell_next(promo_id=promo.pk) == 0
    assert tell_due_promos(at=timezone.now()) == 0

    assert told() == names(*line[:2])


def test_the_next_is_told_when_the_unit_is_still_free_and_who_let_it_pass_goes_to_the_end():
    promo, card, (first, second, third) = queue()
    let_lapse(card.reservation_id, ago=timedelta(minutes=2))
    tell_next(promo_id=promo.pk)
    let_notices_pass()

    tell_next(promo_id=promo.pk)

    assert told() == names(first, second)
    assert place(promo, second).state == "told"
    assert place(promo, first).state == "waiting"
    assert [place(promo, each).position for each in (second, third, first)] == [1, 2, 3]


def test_who_let_one_pass_goes_to_the_end_once_and_later_comers_stand_behind():
    promo, card, (first,) = queue(1)
    let_lapse(card.reservation_id, ago=timedelta(minutes=2))
    tell_next(promo_id=promo.pk)
    let_notices_pass()
    tell_next(promo_id=promo.pk)
    later = make_customer()
    join(promo, later)

    tell_next(promo_id=promo.pk)

    assert told() == names(first, later)
    assert (place(promo, first).position, place(promo, later).position) == (1, 2)


def test_a_notice_is_over_at_its_very_moment(monkeypatch):
    promo, card, (first, second) = queue(2)
    let_lapse(card.reservation_id, ago=timedelta(minutes=2))
    tell_next(promo_id=promo.pk)
    until = place(promo, first).told_until

    for early, expected in ((timedelta(milliseconds=1), names(first)), (timedelta(0), names(first, second))):
        monkeypatch.setattr(waitlist, "read_db_now", lambda early=early: until - early)
        tell_next(promo_id=promo.pk)
        assert told() == expected


def test_who_was_told_the_moment_it_came_free_is_not_told_of_it_again_but_the_next_is():
    promo = make_promo(units=3)
    cards, line = [hold(promo) for _ in range(3)], [make_customer() for _ in range(3)]
    join(promo, *line)
    for card, seconds in zip(cards, (70, 90, 110), strict=True):
        let_lapse(card.reservation_id, ago=timedelta(seconds=seconds))
    second_freed = PromoUnit.objects.get(holder=cards[1].customer_id).held_until
    WaitlistPlace.objects.filter(customer=line[1].pk).update(told_at=second_freed)

    assert tell_next(promo_id=promo.pk) == 2
    assert told() == names(line[0], line[2])


def test_who_was_told_the_moment_it_came_free_keeps_nobody_behind_them_waiting():
    promo, card, (first, second) = queue(2)
    let_lapse(card.reservation_id, ago=timedelta(seconds=70))
    WaitlistPlace.objects.filter(customer=first.pk).update(told_at=PromoUnit.objects.get().held_until)

    assert tell_next(promo_id=promo.pk) == 1
    assert told() == names(second)


def test_who_has_a_notice_is_not_told_of_another_unit_meanwhile(settings):
    settings.FLASH_WAITLIST_SECONDS = 120  # longer than the pause between two notices
    promo = make_promo(units=2)
    cards, (first, second) = [hold(promo), hold(promo)], [make_customer(), make_customer()]
    join(promo, first, second)
    let_lapse(cards[0].reservation_id, ago=timedelta(seconds=100))
    tell_next(promo_id=promo.pk)
    WaitlistPlace.objects.filter(customer=first.pk).update(told_at=read_db_now() - timedelta(seconds=70))
    let_lapse(cards[1].reservation_id)

    assert tell_next(promo_id=promo.pk) == 1
    assert told() == names(first, second)


def test_when_somebody_was_faster_the_place_stays():
    promo, card, (first, second, _third) = queue()
    let_lapse(card.reservation_id, ago=timedelta(minutes=2))
    tell_next(promo_id=promo.pk)
    faster = hold(promo)
    let_notices_pass(seconds=61)
    tell_next(promo_id=promo.pk)
    let_lapse(faster.reservation_id)

    tell_next(promo_id=promo.pk)

    assert told() == names(first, first)
    assert (place(promo, first).position, place(promo, second).position) == (1, 2)


def test_nobody_is_told_again_before_another_unit_comes_free():
    promo, card, line = queue(2)
    let_lapse(card.reservation_id, ago=timedelta(minutes=2))
    for _ in range(5):
        tell_next(promo_id=promo.pk)
        let_notices_pass(seconds=61)

    assert told() == names(*line)
    assert list(promos_to_tell(timezone.now(), 10)) == []
    let_lapse(hold(promo).reservation_id)
    assert tell_due_promos(at=timezone.now()) == 1


def test_who_was_told_is_left_alone_for_a_minute_while_others_are_told():
    promo, card, line = queue(2)
    for _ in range(5):
        cancel_reservation(reservation_id=card.reservation_id, customer_id=card.customer_id)
        tell_next(promo_id=promo.pk)
        card = hold(promo)
        tell_next(promo_id=promo.pk)

    assert told() == names(*line)
    cancel_reservation(reservation_id=card.reservation_id, customer_id=card.customer_id)
    assert list(promos_to_tell(timezone.now(), 10)) == []
    WaitlistPlace.objects.filter(customer=line[0].pk).update(told_at=timezone.now() - timedelta(seconds=61))
    assert list(promos_to_tell(timezone.now(), 10)) == [promo.pk]
    assert tell_next(promo_id=promo.pk) == 1
    assert told() == names(*line, line[0])


def test_units_added_and_units_tidied_are_told_too():
    promo, card, (first, second, _third) = queue(units=1)
    let_lapse(card.reservation_id, ago=timedelta(minutes=10))
    clean_up_expired()
    tell_next(promo_id=promo.pk)
    assert told() == names(first)

    change_promo(promo_id=promo.pk, changes={"units": 2}, actor_id=None, at=timezone.now())
    tell_due_promos(at=timezone.now())

    assert told() == names(first, second)


def test_the_place_is_no_right_whoever_comes_first_has_the_unit():
    promo, card, (first, *_others) = queue()
    let_lapse(card.reservation_id)
    tell_next(promo_id=promo.pk)

    stranger = hold(promo)

    assert stranger.state == "held"
    assert PromoUnit.objects.get().holder == stranger.customer_id
    assert place(promo, first).position == 1


def test_taking_a_unit_closes_the_place():
    promo, card, (first, second, _third) = queue()
    let_lapse(card.reservation_id)
    tell_next(promo_id=promo.pk)

    hold(promo, first)

    assert place(promo, first).state == "closed"
    assert place(promo, second).position == 1


def test_a_second_place_made_while_holding_is_not_told():
    """Two devices at once: one joins while the other claims."""
    promo, customer = make_promo(units=2), make_customer()
    hold(promo, customer)
    WaitlistPlace.objects.create(promo=promo, customer=customer.pk, joined_at=timezone.now(), turn_at=timezone.now())
    FlashPromo.objects.update(has_waitlist=True)

    assert tell_next(promo_id=promo.pk) == 0
    assert told() == []


def in_two_lines():
    """Two promotions whose units are held, a customer in line for both, and a third that nobody waits for."""
    *promos, third = [make_promo() for _ in range(3)]
    customer, cards = make_customer(), [hold(promo) for promo in promos]
    for promo in promos:
        join(promo, customer)
    return promos, cards, customer, third


@pytest.mark.parametrize("leaves", [True, False], ids=["by leaving", "by taking a unit"])
def test_who_is_out_of_one_line_stands_in_the_other_still(leaves):
    (first, second), (card, _other_card), customer, _third = in_two_lines()

    if leaves:
        leave_waitlist(promo_id=first.pk, customer_id=customer.pk)
    else:
        let_lapse(card.reservation_id)
        hold(first, customer)

    assert (place(first, customer).state, place(second, customer).state) == ("closed", "waiting")


def test_only_where_somebody_waits_is_looked_each_second():
    (first, second), _cards, _customer, _third = in_two_lines()

    assert set(FlashPromo.objects.filter(has_waitlist=True)) == {first, second}


def test_a_unit_of_one_promotion_is_told_to_its_own_line():
    (first, second), (card, _other_card), customer, _third = in_two_lines()
    behind, elsewhere = make_customer(), make_customer()
    join(first, behind)
    join(second, elsewhere)
    let_lapse(card.reservation_id)
    leave_waitlist(promo_id=first.pk, customer_id=customer.pk)

    assert tell_next(promo_id=second.pk) == 0
    assert tell_due_promos(at=timezone.now()) == 1
    assert told() == names(behind)


def buys_one(promo, customer):
    claim_sale(reservation_id=hold(promo, customer).reservation_id, customer_id=customer.pk, order_id=uuid4())


@pytest.mark.parametrize(
    "before",
    [
        buys_one,
        lambda promo, customer: let_lapse(hold(promo, customer).reservation_id),
        lambda _promo, customer: hold(make_promo(), customer),
    ],
    ids=["has bought one", "let one lapse", "holds one elsewhere"],
)
def test_who_had_one_before_or_has_one_elsewhere_is_told(before):
    promo, customer = make_promo(units=2), make_customer()
    before(promo, customer)
    join(promo, customer)
    let_lapse(hold(promo).reservation_id)

    assert tell_next(promo_id=promo.pk) == 1
    assert told() == names(customer)


def test_a_unit_that_was_added_is_told_to_one_at_a_time():
    promo, _card, (first, _second) = queue(2)
    change_promo(promo_id=promo.pk, changes={"units": 2}, actor_id=None, at=timezone.now())

    assert [tell_next(promo_id=promo.pk), tell_next(promo_id=promo.pk)] == [1, 0]
    assert told() == names(first)


@pytest.mark.parametrize("reason", ["staff", "sold out"])
def test_the_end_of_the_promotion_closes_every_place(reason):
    promo, card, line = queue()
    if reason == "staff":
        end_promo(promo_id=promo.pk, actor_id=None, at=timezone.now())
    else:
        claim_sale(reservation_id=card.reservation_id, customer_id=card.customer_id, order_id=uuid4())
        drain()

    assert {place(promo, each).state for each in line} == {"closed"}
    let_lapse(card.reservation_id)
    assert tell_due_promos(at=timezone.now()) == 0
    assert told() == []


def test_while_it_is_paused_nobody_is_told():
    promo, card, line = queue()
    FlashPromo.objects.update(is_active=False)
    let_lapse(card.reservation_id)

    assert tell_due_promos(at=timezone.now()) == 0
    assert tell_next(promo_id=promo.pk) == 0

    FlashPromo.objects.update(is_active=True)
    assert tell_due_promos(at=timezone.now()) == 1
    assert told() == names(line[0])


def test_when_nothing_is_to_be_told_it_costs_one_query(django_assert_num_queries):
    queue()
    make_promo()

    with django_assert_num_queries(1):
        tell_due_promos(at=timezone.now())


def test_a_refused_telling_leaves_no_trace():
    promo, card, _line = queue()
    let_lapse(card.reservation_id)

    with transaction.atomic():
        tell_next(promo_id=promo.pk)
        transaction.set_rollback(True)

    assert told() == []
    assert not WaitlistPlace.objects.filter(told_at__isnull=False).exists()


def test_who_leaves_the_shop_leaves_the_queue():
    promo, _card, (first, second, _third) = queue()

    erase_person(first.pk)

    assert not WaitlistPlace.objects.filter(customer=first.pk).exists()
    assert place(promo, second).position == 1
    assert not ActiveHold.objects.filter(customer=first.pk).exists()
