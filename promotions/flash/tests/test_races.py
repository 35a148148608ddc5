"""Many at once, on PostgreSQL's row locks. `RACE_ROUNDS` and `RACE_CUSTOMERS` scale it; each failure names its seed."""

import os
import random
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from marketplace.core.clock import db_now, read_db_now
from marketplace.core.errors import DomainError
from promotions.flash import statements
from promotions.flash.errors import (
    ActiveHoldExistsError,
    PromoHeldError,
    PromoLimitReachedError,
    ReservationLapsedError,
)
from promotions.flash.models import ActiveHold, PromoUnit, Reservation
from promotions.flash.services.claims import Reserved, cancel_reservation, claim_sale, reserve_unit
from promotions.flash.services.lifecycle import end_locked_promo, release_unsold
from promotions.flash.statements import Claim
from stores.models import StockItem

from .crowds import Crowd, at, connections_to_spare
from .factories import let_lapse, make_customer, make_promo, make_variant

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = int(os.environ.get("RACE_ROUNDS", "50"))
CUSTOMERS = int(os.environ.get("RACE_CUSTOMERS", "200"))
CONTROL_ROUNDS = 20


@pytest.fixture(autouse=True)
def _nobody_cools_down(settings):
    """The same customers come back after every round."""
    settings.FLASH_ABANDONED_HOLDS = 0


@pytest.fixture
def crowd():
    """As many threads as customers, or as the server has connections for."""
    made = []

    def gather(size: int) -> Crowd:
        made.append(Crowd(max(2, min(size, connections_to_spare()))))
        return made[-1]

    yield gather
    for each in made:
        each.close()


def everybody_reserves(promo, customers) -> list[Callable[[], Any]]:
    return [take(promo, customer) for customer in customers]


def winners_of(outcomes: list[Any]) -> list[Reserved]:
    return [outcome for outcome in outcomes if isinstance(outcome, Reserved)]


@pytest.mark.slow
def test_of_two_hundred_customers_at_once_one_wins_in_every_round(crowd):
    promo = make_promo()
    customers = [make_customer().pk for _ in range(CUSTOMERS)]
    everybody = crowd(CUSTOMERS)

    for round_no in range(1, ROUNDS + 1):
        outcomes = everybody.play(everybody_reserves(promo, customers))

        winners = winners_of(outcomes)
        unit = PromoUnit.objects.get()
        assert len(winners) == 1
        assert all(isinstance(outcome, PromoHeldError) for outcome in outcomes if outcome is not winners[0])
        assert (unit.holder, unit.claim_no) == (winners[0].card.customer_id, round_no)
        assert list(ActiveHold.objects.filter(until__gt=db_now()).values_list("customer", flat=True)) == [unit.holder]
        let_lapse(winners[0].card.reservation_id)
    assert Reservation.objects.count() == ROUNDS


@pytest.mark.slow
def test_with_the_guard_removed_the_same_crowd_oversells(crowd, monkeypatch):
    """The control: if this found one winner only, the test above would prove nothing."""

    def look_then_leap(*, promo_id, customer_id, until):
        unit = PromoUnit.objects.filter(PromoUnit.OPEN, promo=promo_id, held_until__isnull=True).first()
        unit = unit or PromoUnit.objects.filter(PromoUnit.OPEN, promo=promo_id, held_until__lte=db_now()).first()
        if unit is None:
            return None
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE promotions_promounit SET holder = %s, held_until = %s, claim_no = claim_no + 1 "
                "WHERE id = %s RETURNING claim_no",
                [customer_id, until, unit.pk],
            )
            return Claim(unit_id=unit.pk, claim_no=cursor.fetchone()[0])

    monkeypatch.setattr(statements, "claim_unit", look_then_leap)
    promo = make_promo()
    customers = [make_customer().pk for _ in range(CUSTOMERS)]
    everybody = crowd(CUSTOMERS)
    most = 0

    for _round in range(CONTROL_ROUNDS):
        winners = winners_of(everybody.play(everybody_reserves(promo, customers)))
        most = max(most, len(winners))
        for winner in winners:
            let_lapse(winner.card.reservation_id)
        PromoUnit.objects.update(holder=None, held_until=None)
        if most > 1:
            break

    assert most > 1


def test_many_units_go_to_as_many_customers_and_no_unit_stays(crowd):
    promo = make_promo(make_variant(on_hand=30), units=30)
    customers = [make_customer().pk for _ in range(60)]

    outcomes = crowd(60).play(everybody_reserves(promo, customers))

    winners = winners_of(outcomes)
    assert len({winner.card.customer_id for winner in winners}) == len(winners) == 30
    assert PromoUnit.objects.filter(held_until__gt=db_now(), claim_no=1).count() == 30


def test_the_same_customer_at_once_gets_one_reservation(crowd):
    promo, customer = make_promo(make_variant(on_hand=8), units=8), make_customer()

    outcomes = crowd(16).play(everybody_reserves(promo, [customer.pk] * 16))

    assert len({outcome.card.reservation_id for outcome in outcomes}) == 1
    assert [outcome.is_new for outcome in outcomes].count(True) == 1
    assert PromoUnit.objects.filter(holder=customer.pk).count() == 1


def test_the_same_customer_at_many_promotions_at_once_holds_one(crowd):
    promos = [make_promo() for _ in range(8)]
    customer = make_customer().pk
    everybody = crowd(8)

    for _round in range(20):
        outcomes = everybody.play([take(promo, customer) for promo in promos])

        [winner] = winners_of(outcomes)
        assert all(isinstance(o, ActiveHoldExistsError) for o in outcomes if o is not winner)
        assert PromoUnit.objects.filter(holder=customer, held_until__gt=db_now()).count() == 1
        cancel_reservation(reservation_id=winner.card.reservation_id, customer_id=customer)


def test_paying_against_expiry_has_one_outcome(crowd):
    """The holder pays and the next customer claims within a millisecond of the end: never both, never neither."""
    seed = int(os.environ.get("RACE_SEED", time.time_ns()))
    chance = random.Random(seed)
    two = crowd(2)
    holder, rival = make_customer().pk, make_customer().pk

    for _round in range(ROUNDS):
        promo = make_promo(make_variant(on_hand=1))
        card = reserve_unit(promo_id=promo.pk, customer_id=holder, hold=timedelta(milliseconds=60)).card
        lead = (card.expires_at - read_db_now()).total_seconds()
        deadline = time.perf_counter() + lead
        paid, taken = two.play(
            [
                at(deadline + chance.uniform(-0.001, 0.001), pay(card, holder)),
                at(deadline + chance.uniform(-0.001, 0.001), take(promo, rival)),
            ]
        )

        unit = PromoUnit.objects.get(promo=promo)
        bought = not isinstance(paid, DomainError)
        got = isinstance(taken, Reserved)
        assert not (bought and got), f"seed {seed}: both"
        assert (unit.sold_at is not None) == bought, f"seed {seed}"
        assert bought or isinstance(paid, ReservationLapsedError), f"seed {seed}: {paid!r}"
        if not bought and not got:
            # The rival came a moment too early; the unit is free all the same.
            got = isinstance(take(promo, rival)(), Reserved)
        assert bought != got, f"seed {seed}: neither"
        for held in Reservation.objects.filter(promo=promo, state="held"):
            let_lapse(held.pk)


def pay(card, customer_id) -> Callable[[], Any]:
    @transaction.atomic
    def move() -> Any:
        return claim_sale(reservation_id=card.reservation_id, customer_id=customer_id, order_id=uuid4())

    return move


def take(promo, customer_id) -> Callable[[], Any]:
    return partial(reserve_unit, promo_id=promo.pk, customer_id=customer_id)


def test_a_customer_with_two_devices_never_gets_more_than_the_limit(crowd):
    """Each device reserves and pays as fast as it can; others' claims go on beside it."""
    promo = make_promo(make_variant(on_hand=40), units=40, units_per_customer=2)
    customer = make_customer().pk
    everybody = crowd(6)

    for _round in range(10):
        everybody.play([reserve_and_pay(promo, customer)] * 4 + [reserve_and_pay(promo, make_customer().pk)] * 2)

    assert PromoUnit.objects.filter(holder=customer, sold_at__isnull=False).count() == 2
    assert not ActiveHold.objects.filter(customer=customer, until__gt=db_now()).exists()
    with pytest.raises(PromoLimitReachedError):
        take(promo, customer)()


def test_with_the_limit_left_out_of_the_claim_two_devices_get_more(crowd, monkeypatch):
    """The control: the look alone does not keep them apart."""
    text = statements.statement_texts("postgresql")["claim_unit"]
    limit = text.index("AND (f.units_per_customer")
    monkeypatch.setitem(
        statements._calls("postgresql"), "claim_unit", text[:limit] + text[text.index(")\nRETURNING") :]
    )
    customer, most = make_customer().pk, 0
    two = crowd(8)

    for _round in range(CONTROL_ROUNDS):
        promo = make_promo(make_variant(on_hand=8), units=8, units_per_customer=1)
        two.play([reserve_and_pay(promo, customer)] * 8)
        most = max(most, PromoUnit.objects.filter(promo=promo, sold_at__isnull=False).count())
        if most > 1:
            break

    assert most > 1


def reserve_and_pay(promo, customer_id) -> Callable[[], Any]:
    def move() -> Any:
        return pay(take(promo, customer_id)().card, customer_id)()

    return move


def test_one_reservation_completed_at_once_by_many_requests_is_one_sale(crowd):
    promo, customer = make_promo(), make_customer()
    card = reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card

    sales = crowd(8).play([pay(card, customer.pk)] * 8)

    assert [sale.existing_order_id for sale in sales].count(None) == 1
    assert len({sale.existing_order_id for sale in sales} - {None}) == 1


def test_cancelling_and_paying_at_once_has_one_outcome(crowd):
    two = crowd(2)

    for _round in range(20):
        promo, customer = make_promo(make_variant(on_hand=1)), make_customer().pk
        card = reserve_unit(promo_id=promo.pk, customer_id=customer).card
        cancelled, paid = two.play(
            [
                partial(cancel_reservation, reservation_id=card.reservation_id, customer_id=customer),
                pay(card, customer),
            ]
        )

        unit = PromoUnit.objects.get(promo=promo)
        assert isinstance(cancelled, DomainError) != isinstance(paid, DomainError)
        assert (unit.sold_at is None) == isinstance(paid, DomainError)


def test_release_at_the_end_against_claims_never_gives_back_a_unit_that_was_taken(crowd):
    """Stock set aside is sold, held, or back on the shelf; a unit is never two of these."""
    variant = make_variant(on_hand=10)
    promo = make_promo(variant, units=10)
    customers = [make_customer().pk for _ in range(20)]

    @transaction.atomic
    def end_and_release() -> bool:
        end_locked_promo(promo, read_db_now(), reason="staff")
        return release_unsold(promo_id=promo.pk)

    crowd(21).play([end_and_release, *everybody_reserves(promo, customers)])

    held = Reservation.objects.filter(state="held")
    for reservation in held:
        let_lapse(reservation.pk)
    release_unsold(promo_id=promo.pk)
    promo.refresh_from_db()
    assert PromoUnit.objects.filter(PromoUnit.OPEN).count() == 0
    assert promo.units_returned == 10
    assert StockItem.objects.get(variant=variant).allocated == 0
