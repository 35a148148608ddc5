"""Units whose orders wait for money, several at once: what is done to one is done to that one alone."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from marketplace.core.clock import read_db_now
from promotions.flash.errors import ReservationBeingPaidError, ReservationLapsedError
from promotions.flash.models import ActiveHold, PromoUnit, Reservation
from promotions.flash.selectors import free_units
from promotions.flash.services.claims import cancel_reservation, claim_sale, reserve_unit
from promotions.flash.services.paying import claim_paid_unit, excuse_lapse, give_unit_up, hold_for_payment

from .factories import let_lapse, make_customer, make_promo

pytestmark = pytest.mark.django_db

TEN = timedelta(minutes=10)


def waiting(promo, customer):
    """A reservation whose order waits, and that order."""
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    order_id = uuid4()
    hold_for_payment(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=order_id, lasts=TEN)
    return card.reservation_id, order_id


def unit_of(reservation_id):
    reservation = Reservation.objects.get(pk=reservation_id)
    return PromoUnit.objects.get(pk=reservation.unit_id)


def states():
    return dict(Reservation.objects.values_list("customer_id", "state"))


def test_the_longer_hold_is_of_that_unit_and_that_reservation():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    short = reserve_unit(promo_id=promo.pk, customer_id=bob.pk).card

    longer, order_id = waiting(promo, ann)

    reservation = Reservation.objects.get(pk=longer)
    assert reservation.order_id == order_id
    assert reservation.expires_at > read_db_now() + timedelta(minutes=9)
    assert unit_of(longer).held_until == reservation.expires_at == ActiveHold.objects.get(customer=ann.pk).until
    other = Reservation.objects.get(pk=short.reservation_id)
    assert (other.order_id, other.expires_at) == (None, short.expires_at)
    assert unit_of(other.pk).held_until == short.expires_at == ActiveHold.objects.get(customer=bob.pk).until


def test_money_buys_the_unit_that_it_is_for():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    theirs, _other_order = waiting(promo, bob)
    mine, order_id = waiting(promo, ann)

    claim_paid_unit(reservation_id=mine, order_id=order_id)

    assert states() == {ann.pk: "completed", bob.pk: "held"}
    assert unit_of(mine).sold_at is not None
    assert unit_of(theirs).sold_at is None
    assert not ActiveHold.objects.filter(customer=ann.pk).exists()
    assert ActiveHold.objects.filter(customer=bob.pk).exists()


def test_late_money_buys_a_unit_that_was_tidied_up_meanwhile():
    promo, ann = make_promo(), make_customer()
    mine, order_id = waiting(promo, ann)
    let_lapse(mine)
    ActiveHold.objects.all().delete()
    PromoUnit.objects.update(holder=None, held_until=None)

    claim_paid_unit(reservation_id=mine, order_id=order_id)

    unit, reservation = unit_of(mine), Reservation.objects.get(pk=mine)
    assert (unit.holder, unit.held_until) == (ann.pk, reservation.expires_at)
    assert reservation.state == "completed"
    assert not ActiveHold.objects.exists()


def test_money_of_another_order_buys_nothing():
    promo, ann = make_promo(), make_customer()
    mine, _order_id = waiting(promo, ann)

    with pytest.raises(ReservationLapsedError), transaction.atomic():
        claim_paid_unit(reservation_id=mine, order_id=uuid4())

    assert states() == {ann.pk: "held"}
    assert unit_of(mine).sold_at is None


def test_each_order_pays_for_its_own_unit():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    theirs, other_order = waiting(promo, bob)
    mine, order_id = waiting(promo, ann)

    with pytest.raises(ReservationLapsedError), transaction.atomic():
        claim_paid_unit(reservation_id=mine, order_id=other_order)
    assert give_unit_up(reservation_id=theirs, order_id=order_id) is False

    assert states() == {ann.pk: "held", bob.pk: "held"}
    assert not PromoUnit.objects.filter(sold_at__isnull=False).exists()


def test_a_unit_that_is_being_paid_is_not_given_back_beside_one_that_is_only_held():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    reserve_unit(promo_id=promo.pk, customer_id=bob.pk)
    mine, _order_id = waiting(promo, ann)

    with pytest.raises(ReservationBeingPaidError):
        cancel_reservation(reservation_id=mine, customer_id=ann.pk)

    assert states() == {ann.pk: "held", bob.pk: "held"}
    assert unit_of(mine).holder == ann.pk


# --- late money and the limit


def buys(promo, customer):
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card
    claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())


def holds(promo, customer):
    reserve_unit(promo_id=promo.pk, customer_id=customer.pk)


def lets_another_lapse(promo, customer):
    let_lapse(reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card.reservation_id)


def limited(*, units=4, limit=1):
    return make_promo(units=units, units_per_customer=limit)


@pytest.mark.parametrize("meanwhile", [buys, holds])
def test_late_money_buys_nothing_beyond_the_limit(meanwhile):
    promo, ann = limited(), make_customer()
    mine, order_id = waiting(promo, ann)
    let_lapse(mine)
    meanwhile(promo, ann)

    with pytest.raises(ReservationLapsedError), transaction.atomic():
        claim_paid_unit(reservation_id=mine, order_id=order_id)

    assert unit_of(mine).sold_at is None


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda _promo, _ann: None,
        lets_another_lapse,
        lambda promo, _ann: buys(promo, make_customer()),
        lambda promo, _ann: holds(promo, make_customer()),
        lambda _promo, ann: buys(limited(), ann),
        lambda _promo, ann: holds(limited(), ann),
    ],
    ids=["nothing", "a lapse", "another buys", "another holds", "bought elsewhere", "held elsewhere"],
)
def test_late_money_buys_within_the_limit_and_leaves_the_hold_that_its_customer_has(meanwhile):
    promo, ann = limited(), make_customer()
    mine, order_id = waiting(promo, ann)
    let_lapse(mine)
    ActiveHold.objects.all().delete()  # tidied up
    meanwhile(promo, ann)
    holds_now = list(ActiveHold.objects.filter(until__gt=read_db_now()).values())

    claim_paid_unit(reservation_id=mine, order_id=order_id)

    assert (unit_of(mine).holder, Reservation.objects.get(pk=mine).state) == (ann.pk, "completed")
    assert unit_of(mine).sold_at is not None
    assert list(ActiveHold.objects.filter(until__gt=read_db_now()).values()) == holds_now


def test_what_is_given_up_late_leaves_the_hold_that_its_customer_has():
    promo, ann = make_promo(), make_customer()
    mine, order_id = waiting(promo, ann)
    let_lapse(mine)
    newer = reserve_unit(promo_id=make_promo().pk, customer_id=ann.pk).card

    assert give_unit_up(reservation_id=mine, order_id=order_id) is False

    assert ActiveHold.objects.get().reservation_id == newer.reservation_id


# --- giving up


@pytest.mark.parametrize("is_paid_for", [False, True], ids=["given back", "given up with its order"])
def test_a_unit_is_free_since_it_was_given_back(is_paid_for):
    promo, ann = make_promo(), make_customer()
    if is_paid_for:
        mine, order_id = waiting(promo, ann)
    else:
        mine, order_id = reserve_unit(promo_id=promo.pk, customer_id=ann.pk).card.reservation_id, None
    before = read_db_now()

    if order_id:
        give_unit_up(reservation_id=mine, order_id=order_id)
    else:
        cancel_reservation(reservation_id=mine, customer_id=ann.pk)

    (unit,) = free_units(promo.pk, 10)
    assert before <= unit.freed_at <= read_db_now()


def test_giving_up_frees_that_unit_alone_and_only_for_its_order():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    theirs, _other_order = waiting(promo, bob)
    mine, order_id = waiting(promo, ann)

    assert give_unit_up(reservation_id=mine, order_id=uuid4()) is False
    assert give_unit_up(reservation_id=mine, order_id=order_id) is True
    assert give_unit_up(reservation_id=mine, order_id=order_id) is False

    assert states() == {ann.pk: "cancelled", bob.pk: "held"}
    assert (unit_of(mine).holder, unit_of(theirs).holder) == (None, bob.pk)
    assert list(ActiveHold.objects.values_list("customer", flat=True)) == [bob.pk]


def test_what_is_sold_or_over_is_not_given_up():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    bought, paid = waiting(promo, ann)
    claim_paid_unit(reservation_id=bought, order_id=paid)
    over, unpaid = waiting(promo, bob)
    let_lapse(over)

    assert give_unit_up(reservation_id=bought, order_id=paid) is False
    assert give_unit_up(reservation_id=over, order_id=unpaid) is False

    assert states() == {ann.pk: "completed", bob.pk: "held"}
    assert unit_of(bought).holder == ann.pk
    assert not Reservation.objects.filter(is_abandoned=True).exists()


def test_one_lapse_is_excused_and_no_other():
    promo, ann, bob = make_promo(units=2), make_customer(), make_customer()
    mine, _order = waiting(promo, ann)
    theirs, _other_order = waiting(promo, bob)

    excuse_lapse(reservation_id=mine)

    assert dict(Reservation.objects.values_list("pk", "is_excused")) == {mine: True, theirs: False}
