"""How much one customer may take: so many units of a promotion, and no hold after hold that lapses."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from marketplace.core.outbox.models import OutboxEvent
from promotions.flash.errors import CoolingDownError, PromoLimitReachedError
from promotions.flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation
from promotions.flash.services.claims import cancel_reservation, claim_sale, look, refuse_cooling, reserve_unit
from promotions.flash.services.planning import change_promo

from .factories import let_lapse, let_pass, make_customer, make_promo, make_variant

pytestmark = pytest.mark.django_db

URL = "/api/v1/promotions/promo-reservations/"


def reserve(promo, customer):
    return reserve_unit(promo_id=promo.pk, customer_id=customer.pk).card


def buy(promo, customer):
    card = reserve(promo, customer)
    claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())


def abandon(customer, *agos: timedelta) -> None:
    """Holds of the customer that lapsed so long ago, the earliest first."""
    promo = make_promo()
    for ago in sorted(agos, reverse=True):
        let_lapse(reserve(promo, customer).reservation_id, ago=ago)


def trace():
    return (
        list(PromoUnit.objects.order_by("pk").values()),
        list(Reservation.objects.order_by("pk").values()),
        list(ActiveHold.objects.order_by("pk").values()),
        OutboxEvent.objects.count(),
    )


def minutes(*numbers: float) -> list[timedelta]:
    return [timedelta(minutes=number) for number in numbers]


# --- units per customer


def test_a_customer_buys_up_to_the_limit_and_others_go_on():
    promo, customer = make_promo(units=4, units_per_customer=2), make_customer()
    buy(promo, customer)
    buy(promo, customer)
    before = trace()

    with pytest.raises(PromoLimitReachedError) as refusal:
        reserve(promo, customer)

    assert refusal.value.params == {"limit": 2}
    assert trace() == before
    buy(promo, make_customer())


def test_without_a_limit_a_customer_may_buy_them_all_one_at_a_time():
    promo, customer = make_promo(units=3), make_customer()

    for _ in range(3):
        buy(promo, customer)

    assert PromoUnit.objects.filter(holder=customer.pk, sold_at__isnull=False).count() == 3


def test_what_was_given_back_or_lapsed_does_not_count():
    promo, customer = make_promo(units=3, units_per_customer=1), make_customer()
    cancel_reservation(reservation_id=reserve(promo, customer).reservation_id, customer_id=customer.pk)
    let_lapse(reserve(promo, customer).reservation_id)

    buy(promo, customer)

    with pytest.raises(PromoLimitReachedError):
        reserve(promo, customer)


def test_the_limit_is_of_one_promotion():
    customer = make_customer()
    buy(make_promo(units=2, units_per_customer=1), customer)

    buy(make_promo(units=2, units_per_customer=1), customer)


def test_a_limit_that_is_lowered_leaves_the_holder_the_minute():
    promo, customer = make_promo(units=3, units_per_customer=2), make_customer()
    buy(promo, customer)
    card = reserve(promo, customer)

    change_promo(promo_id=promo.pk, changes={"units_per_customer": 1}, actor_id=None, at=timezone.now())

    claim_sale(reservation_id=card.reservation_id, customer_id=customer.pk, order_id=uuid4())
    with pytest.raises(PromoLimitReachedError):
        reserve(promo, customer)


def test_the_refusal_over_http_costs_no_more_than_another(api, django_assert_max_num_queries):
    promo, customer = make_promo(units=2, units_per_customer=1), make_customer()
    buy(promo, customer)
    api.force_authenticate(customer)

    with django_assert_max_num_queries(2):
        response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"], response.json()["limit"]) == (409, "promo_limit_reached", 1)


@pytest.mark.parametrize("limit", [0, -1, 10_001, "x", 1.5])
def test_a_limit_that_makes_no_sense_is_refused(api, limit):
    promo = make_promo()
    admin = make_customer(is_staff=True, is_superuser=True)
    api.force_authenticate(admin)
    path = f"/api/v1/promotions/flash-promos/{promo.pk}/"

    response = api.patch(path, {"units_per_customer": limit}, format="json")

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["units_per_customer"]
    assert FlashPromo.objects.get().units_per_customer is None


def test_the_limit_is_set_shown_and_lifted_over_http(api):
    promo = make_promo(make_variant(), units=3)
    api.force_authenticate(make_customer(is_staff=True, is_superuser=True))
    path = f"/api/v1/promotions/flash-promos/{promo.pk}/"

    limited = api.patch(path, {"units_per_customer": 2}, format="json").json()
    lifted = api.patch(path, {"units_per_customer": None}, format="json").json()

    assert (limited["units_per_customer"], lifted["units_per_customer"]) == (2, None)


# --- cooling down


def test_three_lapsed_holds_within_an_hour_cost_a_quarter_of_an_hour_from_the_third():
    customer, promo = make_customer(), make_promo()
    abandon(customer, *minutes(58, 30, 1))
    before = trace()

    with pytest.raises(CoolingDownError) as refusal:
        reserve(promo, customer)

    assert 60 * 14 - 5 <= refusal.value.params["seconds_left"] <= 60 * 14
    assert refusal.value.retry_after == refusal.value.params["seconds_left"]
    assert trace() == before


@pytest.mark.parametrize(
    "agos",
    [(30, 1), (75, 30, 1), (50, 40, 15.1)],
    ids=["two only", "not within an hour", "it is over"],
)
def test_otherwise_nobody_waits(agos):
    customer = make_customer()
    abandon(customer, *minutes(*agos))

    assert reserve(make_promo(), customer).state == "held"


@pytest.mark.parametrize(
    ("last", "first", "seconds_left"),
    [
        (0.0, 3_600.0, 900),
        (0.0, 3_600.5, None),
        (899.5, 4_499.5, 1),
        (900.0, 1_000.0, None),
        (300.0, 3_600.0, 600),
    ],
    ids=["within the hour to its end", "longer than an hour", "to the last second", "it is over", "five minutes ago"],
)
def test_how_long_who_abandoned_three_waits(last, first, seconds_left):
    promo, customer = make_promo(), make_customer()
    seen: Any = look(promo_id=promo.pk, customer_id=customer.pk)
    scene = replace(seen, lapsed_holds=3, last_lapse_ago=last, first_lapse_ago=first)

    if seconds_left is None:
        refuse_cooling(scene)
    else:
        with pytest.raises(CoolingDownError) as refusal:
            refuse_cooling(scene)
        assert refusal.value.params == {"holds": 3, "seconds_left": seconds_left}


def test_where_one_is_enough_the_last_one_counts(settings):
    settings.FLASH_ABANDONED_HOLDS = 1
    customer = make_customer()
    abandon(customer, timedelta(minutes=200))
    abandon(customer, timedelta(minutes=1))

    with pytest.raises(CoolingDownError) as refusal:
        reserve(make_promo(), customer)

    assert refusal.value.params["holds"] == 1


def test_the_last_ones_count_however_many_there_were_before():
    customer = make_customer()
    abandon(customer, *minutes(900, 600, 300, 30, 20, 1))

    with pytest.raises(CoolingDownError):
        reserve(make_promo(), customer)


def test_the_end_of_the_wait_is_the_clocks_and_needs_no_task(settings):
    settings.FLASH_COOL_DOWN_MINUTES = 2
    customer, promo = make_customer(), make_promo()
    abandon(customer, *minutes(5, 4, 1.99))

    with pytest.raises(CoolingDownError) as refusal:
        reserve(promo, customer)
    newest = Reservation.objects.order_by("-expires_at")[0]
    let_lapse(newest.pk, ago=timedelta(minutes=2))

    assert refusal.value.params["seconds_left"] == 1
    assert reserve(promo, customer).state == "held"


def test_what_was_given_back_bought_or_excused_was_not_abandoned():
    customer, promo = make_customer(), make_promo(units=3)
    cancel_reservation(reservation_id=reserve(promo, customer).reservation_id, customer_id=customer.pk)
    buy(promo, customer)
    abandon(customer, *minutes(3, 2, 1))
    Reservation.objects.filter(state="held").order_by("-expires_at")[0].delete()
    excused = reserve(promo, customer)
    let_lapse(excused.reservation_id)
    Reservation.objects.filter(pk=excused.reservation_id).update(is_excused=True)

    assert reserve(promo, customer).state == "held"


def test_giving_back_late_and_reserving_again_is_abandoning():
    customer, promo = make_customer(), make_promo()
    for _ in range(3):
        card = reserve(promo, customer)
        let_pass(card.reservation_id, seconds=50)
        cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)
    before = trace()

    with pytest.raises(CoolingDownError) as refusal:
        reserve(promo, customer)

    assert refusal.value.params["seconds_left"] > 60 * 14
    assert trace() == before


def test_giving_back_at_once_costs_nothing_however_often():
    customer, promo = make_customer(), make_promo()
    for _ in range(4):
        card = reserve(promo, customer)
        let_pass(card.reservation_id, seconds=5)
        cancel_reservation(reservation_id=card.reservation_id, customer_id=customer.pk)

    assert reserve(promo, customer).state == "held"
    assert not Reservation.objects.filter(is_abandoned=True).exists()


def test_others_do_not_wait_with_them():
    abandon(make_customer(), *minutes(3, 2, 1))

    assert reserve(make_promo(), make_customer()).state == "held"


def test_the_policy_can_be_switched_off(settings):
    settings.FLASH_ABANDONED_HOLDS = 0
    customer = make_customer()
    abandon(customer, *minutes(5, 4, 3, 2, 1))

    assert reserve(make_promo(), customer).state == "held"


def test_cooling_down_over_http(api, django_assert_max_num_queries):
    customer, promo = make_customer(), make_promo()
    abandon(customer, *minutes(3, 2, 1))
    api.force_authenticate(customer)

    with django_assert_max_num_queries(2):
        response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (429, "cooling_down")
    assert response["Retry-After"] == str(problem["seconds_left"])
    assert 60 * 13 < problem["seconds_left"] <= 60 * 14


def test_refreshing_does_not_extend_a_hold(api):
    """Reserving again, looking at it, looking at the promotion: the deadline stays in every place that has one."""
    customer, promo = make_customer(), make_promo(units=2)
    api.force_authenticate(customer)
    first = api.post(URL, {"promo": str(promo.pk)}, format="json").json()
    before = trace()

    for _ in range(5):
        again = api.post(URL, {"promo": str(promo.pk)}, format="json").json()
        seen = api.get(f"{URL}{first['id']}/").json()
        api.get(f"/api/v1/promotions/flash-promos/{promo.pk}/")
        assert {again["expires_at"], seen["expires_at"]} == {first["expires_at"]}

    assert trace() == before
