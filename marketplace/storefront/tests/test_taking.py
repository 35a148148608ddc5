"""Reserving, giving back, paying: once, in words, and nothing for whoever may not."""

from typing import Any

import pytest
from django.utils import timezone

from funds.facade import wallets_of
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import let_lapse, make_promo, make_variant
from promotions.models import PromoUnit, Reservation
from purchases.flash_sales.tests.factories import being_paid
from purchases.models import Order
from purchases.orders.services import cancel_order
from users.accounts.tests.factories import UnverifiedUserFactory

from .people import HTMX, make_shopper, signed_in, text_of

pytestmark = pytest.mark.django_db


def held_by(person: Any, **terms: Any) -> Any:
    return reserve_unit(promo_id=make_promo(**terms).pk, customer_id=person.pk).card


def balance(person: Any) -> int:
    return sum(wallet.available.minor for wallet in wallets_of(person.pk))


def test_a_press_takes_a_unit_for_a_minute():
    promo, person = make_promo(), make_shopper()

    card = signed_in(person).post(f"/promotions/{promo.pk}/reserve/", **HTMX)

    reservation = Reservation.objects.get()
    assert (reservation.customer_id, reservation.promo_id, reservation.state) == (person.pk, promo.pk, "held")
    shown = text_of(card)
    assert card.status_code == 200
    assert 'data-seconds="60" data-hold>1:00' in shown
    assert f"/reservations/{reservation.pk}/pay/" in shown
    assert 'id="wallet" hx-swap-oob="true"' in shown


def test_pressed_again_it_is_the_same_minute():
    promo, browser = make_promo(units=2), signed_in(make_shopper())

    for _press in range(2):
        assert browser.post(f"/promotions/{promo.pk}/reserve/", **HTMX).status_code == 200

    assert Reservation.objects.count() == 1


def test_who_comes_too_late_reads_for_how_long():
    promo = make_promo()
    reserve_unit(promo_id=promo.pk, customer_id=make_shopper(0).pk)

    card = signed_in(make_shopper()).post(f"/promotions/{promo.pk}/reserve/", **HTMX)

    assert card.status_code == 409
    assert "Somebody else holds this unit. Try again in 60 s." in text_of(card)
    assert Reservation.objects.count() == 1


def test_one_minute_at_a_time():
    person = make_shopper()
    held_by(person)
    other = make_promo(make_variant())

    card = signed_in(person).post(f"/promotions/{other.pk}/reserve/", **HTMX)

    assert card.status_code == 409
    assert "You hold a unit of another promotion" in text_of(card)
    assert Reservation.objects.count() == 1


def test_an_address_is_proven_first():
    promo, person = make_promo(radius_km=None), UnverifiedUserFactory.create()
    browser = signed_in(person)

    card = browser.post(f"/promotions/{promo.pk}/reserve/", **HTMX)

    assert (card.status_code, Reservation.objects.exists()) == (409, False)
    assert "Verify your e-mail address first." in text_of(card)
    assert "Send it again" in text_of(browser.get("/"))


def test_what_is_given_back_is_free_for_others():
    person = make_shopper()
    held = held_by(person)
    browser = signed_in(person)

    card = browser.post(f"/reservations/{held.reservation_id}/give-back/", **HTMX)
    again = browser.post(f"/reservations/{held.reservation_id}/give-back/", **HTMX)

    assert (card.status_code, again.status_code) == (200, 200)
    assert "<div data-free>" in text_of(card)
    assert Reservation.objects.get().state == "cancelled"
    assert PromoUnit.objects.get().holder is None


def test_two_presses_on_pay_are_one_order_and_one_payment():
    person = make_shopper(500)
    held = held_by(person, units=2)
    browser = signed_in(person)
    url, form = f"/reservations/{held.reservation_id}/pay/", {"key": f"pay-{held.reservation_id}"}

    answers = [browser.post(url, form, **HTMX) for _press in range(2)]

    order = Order.objects.get()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(f"<b data-order>{order.number}</b>" in text_of(answer) for answer in answers)
    assert "$301.00" in text_of(answers[0])
    assert balance(person) == 301_00
    assert PromoUnit.objects.filter(sold_at__isnull=False).count() == 1


def test_another_key_for_the_same_reservation_is_the_same_order_too():
    person = make_shopper(500)
    held = held_by(person)
    browser = signed_in(person)

    for key in ("one", "two"):
        answer = browser.post(f"/reservations/{held.reservation_id}/pay/", {"key": key}, **HTMX)
        assert Order.objects.get().number in text_of(answer)

    assert balance(person) == 301_00


def test_an_order_that_waits_for_a_providers_money_is_not_called_paid():
    person = make_shopper(500)
    held, order = being_paid(make_promo(), person)
    browser, url = signed_in(person), f"/reservations/{held.reservation_id}/pay/"

    waiting = browser.post(url, {"key": "one"}, **HTMX)
    cancel_order(order_id=order.pk, actor_id=person.pk, customer_id=person.pk, at=timezone.now())
    called_off = browser.post(url, {"key": "one"}, **HTMX)

    assert (waiting.status_code, called_off.status_code) == (409, 409)
    assert "data-order" not in text_of(waiting) + text_of(called_off)
    assert balance(person) == 500_00
    assert Order.objects.get().state == Order.State.CANCELLED


@pytest.mark.parametrize(
    "form", [{}, {"key": ""}, {"key": "x" * 256}, {"key": "clé"}], ids=["no", "empty", "long", "é"]
)
def test_without_a_key_nothing_is_paid(form):
    person = make_shopper(500)
    held = held_by(person)

    answer = signed_in(person).post(f"/reservations/{held.reservation_id}/pay/", form, **HTMX)

    assert (answer.status_code, Order.objects.exists(), balance(person)) == (409, False, 500_00)
    assert Reservation.objects.get().state == "held"


def test_a_key_pays_for_one_thing():
    person = make_shopper(900)
    first = held_by(person)
    browser = signed_in(person)
    browser.post(f"/reservations/{first.reservation_id}/pay/", {"key": "same"}, **HTMX)
    second = held_by(person, variant=make_variant())

    answer = browser.post(f"/reservations/{second.reservation_id}/pay/", {"key": "same"}, **HTMX)

    assert (answer.status_code, Order.objects.count(), balance(person)) == (409, 1, 701_00)
    assert "was used with another request" in text_of(answer)


def test_too_little_money_leaves_the_minute_as_it_is():
    person = make_shopper(100)
    held = held_by(person)

    answer = signed_in(person).post(f"/reservations/{held.reservation_id}/pay/", {"key": "k"}, **HTMX)

    assert (answer.status_code, Order.objects.exists(), balance(person)) == (409, False, 100_00)
    assert "card__refusal" in text_of(answer)
    assert "Yours for" in text_of(answer)
    assert Reservation.objects.get().state == "held"


def test_a_minute_that_is_over_pays_nothing():
    person = make_shopper(500)
    held = held_by(person)
    let_lapse(held.reservation_id)

    answer = signed_in(person).post(f"/reservations/{held.reservation_id}/pay/", {"key": "k"}, **HTMX)

    assert (answer.status_code, Order.objects.exists(), balance(person)) == (409, False, 500_00)
    assert "The time to complete this reservation has passed." in text_of(answer)


@pytest.mark.parametrize("what", ["pay", "give-back"])
def test_somebody_elses_minute_is_not_there(what):
    held = held_by(make_shopper())

    answer = signed_in(make_shopper()).post(f"/reservations/{held.reservation_id}/{what}/", {"key": "k"}, **HTMX)

    assert (answer.status_code, Order.objects.exists(), Reservation.objects.get().state) == (404, False, "held")


def test_without_scripts_the_forms_lead_back_and_say_what_came_of_it():
    person = make_shopper(500)
    promo, browser = make_promo(), signed_in(person)

    reserved = browser.post(f"/promotions/{promo.pk}/reserve/", follow=True)
    pay = f"/reservations/{Reservation.objects.get().pk}/pay/"
    refused = browser.post(pay, follow=True)
    paid = browser.post(pay, {"key": "k"}, follow=True)

    assert [answer.redirect_chain for answer in (reserved, refused, paid)] == [[("/", 302)]] * 3
    assert "It is yours for a minute" in text_of(reserved)
    assert "banner--refused" in text_of(refused)
    assert f"Your order: {Order.objects.get().number}" in text_of(paid)
