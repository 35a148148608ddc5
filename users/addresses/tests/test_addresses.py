"""The address book: one's own, with exactly one default while there is any."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from marketplace.core.erasure import erase_person
from users.accounts.tests.factories import UserFactory
from users.addresses.errors import TooManyAddressesError
from users.addresses.models import Address
from users.addresses.services import add_address
from users.facade import address_snapshot

from .factories import LEAST

URL = "/api/v1/users/me/addresses/"
HOME: dict[str, Any] = {
    "label": "Casa",
    "recipient": "Ana García",
    "phone": "+52 55 1234 5678",
    "line1": "Calle de Tacuba 15",
    "line2": "Centro",
    "city": "Ciudad de México",
    "state": "CDMX",
    "postal_code": "06010",
    "country": "MX",
    "notes": "Tocar el timbre",
}


@pytest.fixture
def customer(api, db):
    """Signed in."""
    user = UserFactory()
    api.force_authenticate(user)
    return user


def everything() -> list[Any]:
    return list(Address.objects.order_by("pk").values_list())


def defaults() -> list[str]:
    return list(Address.objects.filter(is_default=True).values_list("label", flat=True))


def test_an_address_is_added_read_changed_and_deleted(api, customer):
    made = api.post(URL, HOME, format="json")
    one = f"{URL}{made.json()['id']}/"

    changed = api.patch(one, {"notes": "", "line2": "  Roma Norte "}, format="json")
    listed = api.get(URL).json()["results"]
    read = api.get(one).json()
    deleted = api.delete(one)

    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in HOME} == HOME
    assert made.json()["is_default"] is True
    assert (changed.status_code, changed.json()["line2"], changed.json()["notes"]) == (200, "Roma Norte", "")
    assert listed == [read]
    assert (deleted.status_code, api.get(one).json()["code"]) == (204, "address_not_found")
    assert not Address.objects.exists()


def test_the_least_that_a_courier_needs_is_enough(api, customer):
    made = api.post(URL, LEAST, format="json")

    assert (made.status_code, made.json()["phone"], made.json()["label"]) == (201, "", "")


def test_exactly_one_address_is_the_default(api, customer):
    first = api.post(URL, LEAST | {"label": "first", "is_default": False}, format="json").json()
    second = api.post(URL, LEAST | {"label": "second"}, format="json").json()
    assert (first["is_default"], second["is_default"], defaults()) == (True, False, ["first"])

    api.post(URL, LEAST | {"label": "third", "is_default": True}, format="json")
    assert defaults() == ["third"]

    api.patch(f"{URL}{first['id']}/", {"is_default": True}, format="json")
    assert defaults() == ["first"]

    refused = api.patch(f"{URL}{first['id']}/", {"is_default": False, "label": "x"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "default_address_needed")
    assert defaults() == ["first"]

    assert api.patch(f"{URL}{second['id']}/", {"is_default": False}, format="json").status_code == 200
    api.delete(f"{URL}{first['id']}/")
    assert defaults() == ["third"]


def test_the_database_knows_one_default(customer):
    add_address(customer_id=customer.pk, **LEAST)

    with pytest.raises(IntegrityError), transaction.atomic():
        Address.objects.create(customer=customer, is_default=True, **LEAST)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"recipient": ""}, "recipient"),
        ({"recipient": " . "}, "recipient"),
        ({"recipient": None}, "recipient"),
        ({"line1": "a\u0000b"}, "line1"),
        ({"line1": "a\nb"}, "line1"),
        ({"line1": "a\u202eb"}, "line1"),
        ({"line1": "x" * 201}, "line1"),
        ({"city": 5}, "city"),
        ({"city": "\u200b"}, "city"),
        ({"country": "mx"}, "country"),
        ({"country": "XX"}, "country"),
        ({"country": "MEX"}, "country"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": "١٢٣٤٥٦٧"}, "phone"),
        ({"notes": "x" * 301}, "notes"),
        ({"notes": "bell\u0007"}, "notes"),
        ({"is_default": "yes"}, "is_default"),
    ],
)
def test_what_no_courier_can_read_is_refused_and_changes_nothing(api, customer, change, field):
    address = add_address(customer_id=customer.pk, **LEAST)
    before = everything()

    answers = [api.post(URL, LEAST | change, format="json"), api.patch(f"{URL}{address.pk}/", change, format="json")]

    for answer in answers:
        assert answer.status_code == 400, answer.json()
        # What cannot be stored at all is refused before fields are looked at.
        assert [each["field"] for each in answer.json()["errors"]] in ([field], [])
    assert everything() == before


@pytest.mark.parametrize("name", ["recipient", "line1", "city", "country"])
def test_what_is_needed_must_be_there(api, customer, name):
    answer = api.post(URL, {key: value for key, value in LEAST.items() if key != name}, format="json")

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, name)
    assert not Address.objects.exists()


def test_twenty_addresses_are_enough(api, customer):
    for _ in range(20):
        add_address(customer_id=customer.pk, **LEAST)

    answer = api.post(URL, LEAST, format="json")

    assert (answer.status_code, answer.json()["code"], answer.json()["limit"]) == (409, "too_many_addresses", 20)
    assert Address.objects.count() == 20


def test_addresses_of_others_do_not_exist(api, customer):
    address = add_address(customer_id=UserFactory().pk, **HOME)
    one, before = f"{URL}{address.pk}/", everything()

    answers = [api.get(one), api.patch(one, {"label": "mine"}, format="json"), api.delete(one)]

    assert {answer.status_code for answer in answers} == {404}
    assert api.get(URL).json()["results"] == []
    assert everything() == before
    api.force_authenticate(None)
    assert (api.get(URL).status_code, api.post(URL, LEAST, format="json").status_code) == (401, 401)


def test_the_address_book_goes_with_the_person(customer):
    add_address(customer_id=customer.pk, **HOME)
    other = add_address(customer_id=UserFactory().pk, **HOME)

    erase_person(customer.pk)

    assert Address.objects.get() == other


def test_an_order_keeps_what_it_needs_of_an_address(customer, django_assert_num_queries):
    assert address_snapshot(customer.pk) is None
    home = add_address(customer_id=customer.pk, **HOME)
    work = add_address(customer_id=customer.pk, **LEAST)

    with django_assert_num_queries(2):
        kept, other = address_snapshot(customer.pk), address_snapshot(customer.pk, work.pk)

    assert kept == {name: value for name, value in HOME.items() if name != "label"}
    assert other is not None
    assert (other["recipient"], other["phone"]) == ("Ana", "")
    assert address_snapshot(customer.pk, uuid4()) is None
    assert address_snapshot(UserFactory().pk, home.pk) is None


@pytest.mark.django_db(transaction=True)
def test_many_at_once_leave_one_default_and_no_more_than_twenty(together):
    customer = UserFactory()
    for _ in range(17):
        add_address(customer_id=customer.pk, **LEAST)

    answers = together(lambda _number: add_address(customer_id=customer.pk, is_default=True, **LEAST), 5)

    assert sum(isinstance(answer, TooManyAddressesError) for answer in answers) == 2, answers
    assert Address.objects.count() == 20
    assert Address.objects.filter(is_default=True).count() == 1
