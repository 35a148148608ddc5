"""`flash-promos/{id}/waitlist/` over HTTP."""

import pytest

from promotions.flash.models import WaitlistPlace
from promotions.flash.services.claims import reserve_unit

from .factories import make_customer, make_promo

pytestmark = pytest.mark.django_db


def path(promo_id) -> str:
    return f"/api/v1/promotions/flash-promos/{promo_id}/waitlist/"


@pytest.fixture
def customer(api):
    """Signed in and near."""
    user = make_customer()
    api.force_authenticate(user)
    return user


def test_joining_looking_and_leaving(api, customer, django_assert_max_num_queries):
    promo = make_promo()
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    first, again = api.post(path(promo.pk)), api.post(path(promo.pk))
    with django_assert_max_num_queries(1):
        mine = api.get(path(promo.pk))
    left, left_again = api.delete(path(promo.pk)), api.delete(path(promo.pk))

    assert (first.status_code, again.status_code, mine.status_code) == (201, 200, 200)
    assert set(first.json()) == {
        "promo", "state", "position", "people_before", "joined_at", "told_until", "seconds_left",
    }  # fmt: skip
    assert first.json() == again.json() == mine.json()
    assert (mine.json()["state"], mine.json()["position"], mine.json()["people_before"]) == ("waiting", 1, 0)
    assert (left.status_code, left_again.status_code) == (204, 204)
    assert api.get(path(promo.pk)).json()["state"] == "closed"


def test_places_are_ones_own(api, customer):
    promo = make_promo()
    api.post(path(promo.pk))
    api.force_authenticate(make_customer())

    response = api.get(path(promo.pk))

    assert (response.status_code, response.json()["code"]) == (404, "not_in_line")
    assert api.delete(path(promo.pk)).status_code == 204
    assert WaitlistPlace.objects.open().get().customer == customer.pk


def test_only_verified_and_eligible_customers_wait(api):
    promo = make_promo()
    answers = [api.post(path(promo.pk))]
    for user in (make_customer(email_verified_at=None), make_customer(place=None)):
        api.force_authenticate(user)
        answers.append(api.post(path(promo.pk)))

    assert [answer.status_code for answer in answers] == [401, 403, 403]
    assert [answer.json()["code"] for answer in answers[1:]] == ["email_not_verified", "not_eligible"]
    assert answers[2].json()["failed_rules"] == ["no_location"]
    assert not WaitlistPlace.objects.exists()


@pytest.mark.parametrize("promo_id", ["nonsense", "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"])
def test_what_there_is_not_is_404(api, customer, promo_id):
    assert [api.post(path(promo_id)).status_code, api.get(path(promo_id)).status_code] == [404, 404]
