"""The first page: who sees what, at which cost, and where the customer is."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.translation import override
from PIL import Image

from marketplace.core.money import Money
from marketplace.storefront.cards import percent_off
from marketplace.storefront.templatetags.storefront import ago, amount, countdown, distance
from promotions.flash.services.claims import reserve_unit
from promotions.flash.tests.factories import ZOCALO, let_lapse, make_customer, make_promo, make_segment, make_variant
from stores.catalog.services.images import add_image
from users.accounts.tests.factories import UserFactory
from users.customers.models import CustomerProfile

from .people import make_shopper, signed_in, text_of

pytestmark = pytest.mark.django_db
FAR = (20.6597, -103.3496)


def test_a_visitor_sees_what_runs_and_is_asked_in(client):
    promo = make_promo(units=3)

    page = client.get("/")

    assert page.status_code == 200
    shown = text_of(page)
    assert f'id="promo-{promo.pk}"' in shown
    assert promo.variant.product.name in shown
    assert "$199.00" in shown
    assert "$349.00" in shown
    assert "3 of 3 left" in shown
    assert "Log in to reserve" in shown
    assert "Your place" not in shown


def test_a_customer_sees_what_is_theirs_to_take_with_the_way_there():
    near, far_away = make_promo(units=2), make_promo(make_variant(), radius_km=None)
    elsewhere = make_promo(make_variant(product__store__latitude=FAR[0], product__store__longitude=FAR[1]))
    others = make_promo(make_variant(), segment_ids=frozenset({make_segment("gold").pk}))
    browser = signed_in(make_shopper(place=(19.4400, -99.1332)))

    shown = text_of(browser.get("/"))

    assert f'id="promo-{near.pk}"' in shown
    assert f'id="promo-{far_away.pk}"' in shown
    assert f'id="promo-{elsewhere.pk}"' not in shown
    assert f'id="promo-{others.pk}"' not in shown
    assert "820 m" in shown
    assert "$500.00" in shown


def test_nobody_keeps_a_page_and_nothing_foreign_runs_on_it(client):
    page = client.get("/")

    assert "no-store" in page["Cache-Control"]
    policy = page["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    shown = text_of(page)
    assert "style=" not in shown
    assert "onclick" not in shown
    assert "<script>" not in shown


def test_the_page_of_a_customer_costs_few_queries(django_assert_max_num_queries):
    for _number in range(6):
        make_promo(units=3)
    person = make_shopper()
    reserve_unit(promo_id=make_promo(units=2).pk, customer_id=person.pk)
    browser = signed_in(person)
    browser.get("/")

    # Three of each of the two selections: its goods, the rules, the customer.
    with django_assert_max_num_queries(15):
        assert browser.get("/").status_code == 200


def test_a_card_costs_few_queries_and_none_is_sent_while_nothing_moves(django_assert_max_num_queries):
    promo, person = make_promo(units=2), make_shopper()
    browser = signed_in(person)
    url = f"/promotions/{promo.pk}/card/"
    seen = "running.2.2.-"

    with django_assert_max_num_queries(7):
        assert browser.get(url, {"seen": seen}).status_code == 204
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    answer = browser.get(url, {"seen": seen})
    assert (answer.status_code, "running.2.1.-" in text_of(answer)) == (200, True)


def test_a_taken_unit_says_when_it_may_come_back_and_then_is_free(client):
    promo = make_promo()
    held = reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk).card
    url = f"/promotions/{promo.pk}/card/"

    taken = text_of(client.get(url))
    let_lapse(held.reservation_id)
    free = text_of(client.get(url))

    assert "<div data-free hidden>" in taken
    assert 'data-taken>Taken. Free again in <time role="timer" data-lapse data-seconds="60">1:00' in taken
    assert "<div data-free>" in free
    assert "data-taken hidden" in free


def test_a_draft_is_nobodys_card_and_an_ended_one_says_so(client):
    draft = make_promo(is_active=False)
    ended = make_promo(starts_at=timezone.now() - timedelta(hours=2), ends_at=timezone.now() + timedelta(seconds=2))
    type(ended).objects.filter(pk=ended.pk).update(ends_at=timezone.now())

    assert client.get(f"/promotions/{draft.pk}/card/").status_code == 404
    assert "Over" in text_of(client.get(f"/promotions/{ended.pk}/card/"))
    assert client.get("/promotions/00000000-0000-7000-8000-000000000000/card/").status_code == 404


def test_what_somebody_holds_comes_first_also_from_afar():
    nearer = make_promo(make_variant(), radius_km=None)
    held = make_promo(make_variant(), radius_km=2.0)
    person = make_shopper()
    reserve_unit(promo_id=held.pk, customer_id=person.pk)
    CustomerProfile.objects.filter(user=person).update(latitude=FAR[0], longitude=FAR[1])

    shown = text_of(signed_in(person).get("/"))

    assert shown.index(f"promo-{held.pk}") < shown.index(f"promo-{nearer.pk}")
    assert "Yours for" in shown


def test_a_picture_is_shown_with_its_text(client, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    variant = make_variant()
    file = tmp_path / "p.png"
    Image.new("RGB", (30, 20), "#a00").save(file)
    image = add_image(product=variant.product, upload=file.read_bytes(), actor_id=None, alternative_text="A red field")
    make_promo(variant)

    shown = text_of(client.get("/promotions/"))

    assert f'src="/media/{image.file.name}" alt="A red field"' in shown


def test_whoever_has_no_place_is_asked_for_it():
    promo = make_promo()
    person = make_shopper(place=None)
    browser = signed_in(person)

    before = text_of(browser.get("/"))
    answer = browser.post("/place/", {"latitude": "19.4326", "longitude": "-99.1332"})

    assert "Where are you?" in before
    assert f"promo-{promo.pk}" not in before
    assert (answer.status_code, answer["Location"]) == (302, "/")
    profile = CustomerProfile.objects.get(user=person)
    assert (profile.latitude, profile.longitude) == ZOCALO
    assert f"promo-{promo.pk}" in text_of(browser.get("/"))


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"latitude": "19.4"},
        {"latitude": "91", "longitude": "0"},
        {"latitude": "nan", "longitude": "0"},
        {"latitude": "x", "longitude": "1e400"},
    ],
    ids=["none", "half", "beyond the pole", "not a number", "words"],
)
def test_a_place_that_is_none_changes_nothing(place):
    person = make_shopper()
    before = CustomerProfile.objects.values().get(user=person)

    answer = signed_in(person).post("/place/", place)

    assert answer.status_code == 400
    assert "field__error" in text_of(answer)
    assert CustomerProfile.objects.values().get(user=person) == before


def test_whoever_is_no_customer_sees_the_page_too():
    promo, person = make_promo(), UserFactory.create()
    CustomerProfile.objects.filter(user=person).delete()

    shown = text_of(signed_in(person).get("/"))

    assert f"promo-{promo.pk}" in shown
    assert "data-locate" not in shown


def test_an_empty_shop_says_so(client):
    assert "Nothing is on around you right now" in text_of(client.get("/"))


def test_it_speaks_spanish():
    make_promo()
    browser = Client(headers={"Accept-Language": "es"})

    shown = text_of(browser.get("/"))

    assert '<html lang="es">' in shown
    assert "Entra para reservar" in shown
    assert "Quedan 1 de 1" in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59, "0:59"), (60, "1:00"), (3_600, "1:00:00"), (86_399, "23:59:59"), (183_845, "2 d 3:04:05")],
)
def test_countdowns(seconds, text):
    assert countdown(seconds) == text


def test_amounts_distances_and_ages():
    assert (amount(Money(129_900, "MXN")), amount(Money(1_234, "EUR"))) == ("$1,299.00", "12.34")
    assert amount(Money(5_000, "JPY")) == "5,000"
    now = timezone.now()
    with override("en"):
        assert [distance(km) for km in (0.001, 0.853, 0.994)] == ["10 m", "850 m", "990 m"]
        assert [distance(km) for km in (0.996, 12.04)] == ["1.0 km", "12.0 km"]
        assert (ago(now), ago(now - timedelta(hours=2, minutes=5))) == ("just now", "2\xa0hours ago")
    with override("es"):
        assert distance(1.25) == "1.2 km"


def test_the_discount_is_never_more_than_it_is():
    assert percent_off(Money(199, "MXN"), Money(300, "MXN")) == 33
    assert percent_off(Money(300, "MXN"), Money(300, "MXN")) == 0
    assert percent_off(Money(1, "MXN"), Money(300, "USD")) == 0


def test_who_holds_one_promotion_sees_no_draft_of_another():
    draft, other, person = make_promo(is_active=False), make_promo(make_variant()), make_shopper()
    reserve_unit(promo_id=other.pk, customer_id=person.pk)

    assert signed_in(person).get(f"/promotions/{draft.pk}/card/").status_code == 404
