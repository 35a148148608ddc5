"""`promo-reservations/` over HTTP."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.apps import apps
from django.utils import timezone

from marketplace.core.ids import uuid7
from promotions.flash.models import ActiveHold, PromoUnit, Reservation
from promotions.flash.services.claims import claim_sale, reserve_unit
from users.facade import access_token

from .factories import let_lapse, make_customer, make_promo

pytestmark = pytest.mark.django_db

URL = "/api/v1/promotions/promo-reservations/"


@pytest.fixture
def customer(api):
    """Signed in and near."""
    user = make_customer()
    api.force_authenticate(user)
    return user


def nothing_happened() -> bool:
    return not (Reservation.objects.exists() or ActiveHold.objects.exists()) and not PromoUnit.objects.filter(
        holder__isnull=False
    )


@pytest.mark.parametrize("name", ["promo", "promotion_id"])
def test_reserving_answers_201_with_the_minute(api, customer, name):
    promo = make_promo()

    response = api.post(URL, {name: str(promo.pk)}, format="json")

    assert response.status_code == 201, response.data
    data = response.json()
    assert set(data) == {"id", "promo", "state", "expires_at", "seconds_left", "order", "created_at"}
    assert (data["promo"], data["state"], data["seconds_left"], data["order"]) == (str(promo.pk), "held", 60, None)


def test_reserving_again_answers_200_with_the_same(api, customer):
    promo = make_promo()
    first = api.post(URL, {"promo": str(promo.pk)}, format="json").json()

    second = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert second.status_code == 200
    assert {**second.json(), "seconds_left": 60} == first
    assert second.json()["expires_at"] == first["expires_at"]


def test_the_losing_path_costs_at_most_four_queries(api, customer, django_assert_max_num_queries):
    promo = make_promo()
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    with django_assert_max_num_queries(1):
        response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (409, "promo_already_held")
    assert 1 <= response.json()["seconds_left"] <= 60
    assert response["Retry-After"] == str(response.json()["seconds_left"])


def test_the_winning_path_stays_small(api, customer, django_assert_max_num_queries):
    promo = make_promo()

    # Look, hold, claim, reservation, event; savepoint and release around them in a test.
    with django_assert_max_num_queries(7):
        assert api.post(URL, {"promo": str(promo.pk)}, format="json").status_code == 201


def test_not_eligible_says_which_rules(api):
    api.force_authenticate(make_customer(place=None))

    response = api.post(URL, {"promo": str(make_promo().pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (403, "not_eligible")
    assert response.json()["failed_rules"] == ["no_location"]
    assert nothing_happened()


def test_not_running_is_a_conflict(api, customer):
    starts_at = timezone.now() + timedelta(hours=1)
    promo = make_promo(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))

    response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (409, "promo_not_running")
    assert nothing_happened()


def test_sold_out_is_a_conflict(api, customer):
    promo, buyer = make_promo(), make_customer()
    card = reserve_unit(promo_id=promo.pk, customer_id=buyer.pk).card
    claim_sale(reservation_id=card.reservation_id, customer_id=buyer.pk, order_id=uuid4())

    response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (409, "promo_sold_out")


def test_a_second_promotion_is_refused_while_one_is_held(api, customer):
    first = api.post(URL, {"promo": str(make_promo().pk)}, format="json").json()

    response = api.post(URL, {"promo": str(make_promo().pk)}, format="json")

    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "active_hold_exists")
    assert (problem["promo"], problem["reservation"]) == (first["promo"], first["id"])
    assert 1 <= problem["seconds_left"] <= 60


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"promo": None},
        {"promo": "x"},
        {"promo": 5},
        {"promo": ["x"]},
        {"promo": str(uuid7()), "promotion_id": str(uuid7())},
        [],
        "x",
    ],
)
def test_bad_bodies_are_refused(api, customer, payload):
    response = api.post(URL, payload, format="json")

    assert response.status_code == 400, response.data
    assert response.json()["code"] == "invalid"


def test_an_unknown_promotion_is_404(api, customer):
    assert api.post(URL, {"promo": str(uuid7())}, format="json").status_code == 404


def test_only_verified_customers_reserve(api):
    promo = make_promo()
    unverified = make_customer(email_verified_at=None)

    anonymous = api.post(URL, {"promo": str(promo.pk)}, format="json")
    api.force_authenticate(unverified)
    refused = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert anonymous.status_code == 401
    assert (refused.status_code, refused.json()["code"]) == (403, "email_not_verified")
    assert nothing_happened()


def test_list_and_detail_are_ones_own(api, customer, django_assert_num_queries):
    own = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card
    other = reserve_unit(promo_id=make_promo().pk, customer_id=make_customer().pk).card

    with django_assert_num_queries(1):
        rows = api.get(URL).json()["results"]
    detail = api.get(f"{URL}{own.reservation_id}/")

    assert [row["id"] for row in rows] == [str(own.reservation_id)]
    assert (detail.status_code, detail.json()["state"]) == (200, "held")
    for path in (f"{URL}{other.reservation_id}/", f"{URL}nonsense/", f"{URL}{uuid7()}/"):
        assert api.get(path).status_code == 404
    assert api.post(f"{URL}{other.reservation_id}/cancel/").status_code == 404
    assert PromoUnit.objects.filter(holder__isnull=False).count() == 2


def test_a_lapsed_reservation_shows_as_lapsed(api, customer):
    own = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card
    let_lapse(own.reservation_id)

    data = api.get(f"{URL}{own.reservation_id}/").json()

    assert (data["state"], data["seconds_left"]) == ("lapsed", 0)
    assert api.post(f"{URL}{own.reservation_id}/cancel/").json()["code"] == "reservation_lapsed"


def test_cancelling_over_http(api, customer):
    own = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card

    first = api.post(f"{URL}{own.reservation_id}/cancel/")
    second = api.post(f"{URL}{own.reservation_id}/cancel/")

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert (second.status_code, second.json()) == (200, first.json())


def test_a_completed_reservation_names_its_order(api, customer):
    own = reserve_unit(promo_id=make_promo().pk, customer_id=customer.pk).card
    order_id = uuid4()
    claim_sale(reservation_id=own.reservation_id, customer_id=customer.pk, order_id=order_id)

    data = api.get(f"{URL}{own.reservation_id}/").json()

    assert (data["state"], data["order"]) == ("completed", str(order_id))


def test_refusals_speak_spanish(api, customer):
    promo = make_promo()
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)

    response = api.post(URL, {"promo": str(promo.pk)}, format="json", headers={"Accept-Language": "es"})

    assert "Otra persona" in response.json()["detail"]


def test_an_account_that_was_closed_meanwhile_gets_nothing(api, customer):
    apps.get_model("users.User").objects.filter(pk=customer.pk).update(is_active=False)

    response = api.post(URL, {"promo": str(make_promo().pk)}, format="json")

    assert response.status_code == 403
    assert nothing_happened()


def signed_in(api, customer):
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token(customer.pk)}")


def test_the_losing_path_by_token_costs_the_look_and_now_and_then_the_deny_list(api, django_assert_num_queries):
    promo, loser = make_promo(), make_customer()
    reserve_unit(promo_id=promo.pk, customer_id=make_customer().pk)
    signed_in(api, loser)
    api.post(URL, {"promo": str(promo.pk)}, format="json")  # reads the deny list, if its time has come

    with django_assert_num_queries(1):
        response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert response.json()["code"] == "promo_already_held"


@pytest.mark.parametrize("change", [{"is_active": False}, {"token_version": 7}])
def test_a_token_out_of_force_reserves_nothing_even_before_the_deny_list_knows(api, change):
    promo, customer = make_promo(), make_customer()
    signed_in(api, customer)
    apps.get_model("users.User").objects.filter(pk=customer.pk).update(**change)

    response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (401, "token_invalid")
    assert response["WWW-Authenticate"]
    assert nothing_happened()


def test_a_token_out_of_force_learns_nothing_of_its_own_hold(api):
    promo, customer = make_promo(), make_customer()
    reserve_unit(promo_id=promo.pk, customer_id=customer.pk)
    signed_in(api, customer)
    apps.get_model("users.User").objects.filter(pk=customer.pk).update(is_active=False)

    assert api.post(URL, {"promo": str(promo.pk)}, format="json").status_code == 401


def test_giving_back_still_loads_the_account(api):
    promo, customer = make_promo(), make_customer()
    reserved = reserve_unit(promo_id=promo.pk, customer_id=customer.pk)
    signed_in(api, customer)
    apps.get_model("users.User").objects.filter(pk=customer.pk).update(is_active=False)

    assert api.post(f"{URL}{reserved.card.reservation_id}/cancel/").status_code == 401
    assert Reservation.objects.get().state == Reservation.State.HELD


def test_an_account_without_a_profile_is_no_customer_and_its_token_stays_good(api):
    promo, account = make_promo(), make_customer()
    signed_in(api, account)
    account.profile.memberships.all().delete()
    account.profile.delete()

    response = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert nothing_happened()


def test_reserving_and_giving_back_have_a_pace_together_and_looking_has_none(api, customer, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "reservations": "2/hour"}
    promo = make_promo()
    own = api.post(URL, {"promo": str(promo.pk)}, format="json").json()
    api.post(f"{URL}{own['id']}/cancel/")

    refused = api.post(URL, {"promo": str(promo.pk)}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert "Retry-After" in refused
    assert api.post(f"{URL}{own['id']}/cancel/").status_code == 429
    assert Reservation.objects.count() == 1
    assert {api.get(URL).status_code for _ in range(3)} == {200}
