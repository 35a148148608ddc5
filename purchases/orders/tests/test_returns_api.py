"""Returns over HTTP: the customer asks, the house decides; others see nothing."""

from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from funds.ledger.tests.factories import posted_and_held
from marketplace.core.outbox.relay import drain
from purchases.checkout.tests.factories import PRICE, bought, delivered, shopper
from purchases.models import OrderReturn
from users.accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db
QUEUE = "/api/v1/admin/returns/"


def clerk(*verbs: str):
    person = UserFactory(is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=[f"{verb}_orderreturn" for verb in verbs]))
    return type(person).objects.get(pk=person.pk)


def post(api, path, body):
    return api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=uuid4().hex)


@pytest.fixture
def asked(api):
    """A customer with 1,000.00 has bought three, got them, and wants to give two back."""
    customer = shopper(110_000)
    order = delivered(bought(customer, 3))
    drain()
    api.force_authenticate(customer)
    line = order.lines.get()
    body = {"lines": [{"line": str(line.pk), "quantity": 2}], "reason": "Too small."}
    answer = post(api, f"/api/v1/orders/{order.pk}/returns/", body)
    assert answer.status_code == 201
    return customer, order, line, answer.json()["id"]


def test_a_return_goes_its_way(api, asked):
    customer, order, line, pk = asked
    assert [each["state"] for each in api.get(f"/api/v1/orders/{order.pk}/returns/").json()] == ["requested"]
    api.force_authenticate(clerk("view", "change"))

    approved = post(api, f"{QUEUE}{pk}/approve/", {"answer": "Send it."})
    received = post(api, f"{QUEUE}{pk}/receive/", {"lines": [{"line": str(line.pk), "fate": "restock"}]})

    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert (received.json()["state"], received.json()["refund"]["amount"]) == ("received", "698.00")
    drain()
    assert posted_and_held(customer.pk) == (110_000 - PRICE, 0)
    api.force_authenticate(customer)
    assert api.get(f"/api/v1/orders/{order.pk}/").json()["payment_state"] == "returned_in_part"


def test_a_return_is_refused_with_words_only(api, asked):
    _customer, _order, _line, pk = asked
    api.force_authenticate(clerk("view", "change"))

    assert post(api, f"{QUEUE}{pk}/refuse/", {}).status_code == 400
    assert post(api, f"{QUEUE}{pk}/refuse/", {"answer": "Worn."}).json()["state"] == "refused"
    assert post(api, f"{QUEUE}{pk}/approve/", {}).json()["code"] == "return_state"


@pytest.mark.parametrize(
    "lines", [[], [{"line": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "fate": "restock"}], "twice", [{"fate": "restock"}]]
)
def test_every_line_needs_its_fate(api, asked, lines):
    _customer, _order, line, pk = asked
    api.force_authenticate(clerk("view", "change"))
    post(api, f"{QUEUE}{pk}/approve/", {})
    own = {"line": str(line.pk), "fate": "restock"}

    answer = post(api, f"{QUEUE}{pk}/receive/", {"lines": [own, own] if lines == "twice" else lines})

    assert answer.status_code == 400
    assert OrderReturn.objects.get().state == "approved"


def test_only_people_of_the_house_with_the_permission_see_and_decide(api, asked):
    _customer, order, line, pk = asked
    assert api.get(QUEUE).status_code == 403
    api.force_authenticate(clerk())
    assert api.get(QUEUE).status_code == 403
    api.force_authenticate(clerk("view"))

    assert [each["id"] for each in api.get(f"{QUEUE}?state=requested").json()["results"]] == [pk]
    assert api.get(f"{QUEUE}{uuid4()}/").status_code == 404
    assert post(api, f"{QUEUE}{pk}/approve/", {}).status_code == 403
    api.force_authenticate(shopper(0))
    assert api.get(f"/api/v1/orders/{order.pk}/returns/").status_code == 404
    body = {"lines": [{"line": str(line.pk), "quantity": 1}], "reason": "mine now"}
    assert post(api, f"/api/v1/orders/{order.pk}/returns/", body).status_code == 404
    assert OrderReturn.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": [], "reason": "x"},
        {"lines": [{"line": "x", "quantity": 1}], "reason": "x"},
        {"lines": [{"line": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "quantity": 0}], "reason": "x"},
        {"lines": "all", "reason": "x"},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(api, body):
    customer = shopper()
    order = delivered(bought(customer, 1))
    api.force_authenticate(customer)

    assert post(api, f"/api/v1/orders/{order.pk}/returns/", body).status_code == 400

    assert not OrderReturn.objects.exists()
