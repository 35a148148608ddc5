"""`orders/{id}/call-off/`: for the store's people and people of the house, once per key."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from funds.ledger.tests.factories import posted_and_held
from promotions.flash.tests.factories import make_customer
from purchases.checkout.tests.factories import PRICE, shopper
from purchases.models import CallOff, Order, OrderPart
from purchases.shipments.tests.factories import packed
from stores.merchants.models import StoreMember
from users.accounts.tests.factories import StaffFactory

from .factories import of_two_stores, sent

pytestmark = pytest.mark.django_db
MONEY = 1_000_000


def merchant(part: OrderPart) -> Any:
    return StoreMember.objects.create(store=part.store, user=make_customer(), role=StoreMember.Role.MEMBER).user


def mover(*codenames: str) -> Any:
    person = StaffFactory.create()
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return type(person).objects.get(pk=person.pk)


def post(api: Any, order: Order, body: Any, key: str | None = None) -> Any:
    path = f"/api/v1/orders/{order.pk}/call-off/"
    return api.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key or uuid4().hex)


def wish(part: OrderPart, **more: Any) -> dict[str, Any]:
    return {"part": str(part.pk), "fate": "restock", "reason": "Our shop closes."} | more


def test_the_stores_own_people_call_off_what_they_do_not_send(api):
    order, part, other = of_two_stores(shopper(MONEY), 2, 1)
    sent(other)
    api.force_authenticate(merchant(part))

    answer = post(api, order, wish(part))

    assert answer.status_code == 201
    said = answer.json()
    line = str(part.lines.get().pk)
    amount = f"{2 * PRICE / 100:.2f}"
    assert said["lines"] == [{"line": line, "quantity": 2, "refund": {"amount": amount, "currency": "MXN"}}]
    assert (said["refund"]["amount"], said["shipping"]["amount"]) == (amount, "0.00")
    assert (said["order"], said["order_state"], said["fate"]) == (str(order.pk), "delivered", "restock")
    api.force_authenticate(order.customer)
    shown = {each["id"]: each for each in api.get(f"/api/v1/orders/{order.pk}/").json()["lines"]}[line]
    assert (shown["returned_quantity"], shown["called_off_quantity"], shown["refunded"]["amount"]) == (2, 2, amount)


def test_people_of_the_house_call_off_for_any_store(api):
    order, part, _other = of_two_stores(shopper(MONEY), 2, 1)
    api.force_authenticate(mover("change_order"))

    answer = post(api, order, wish(part, lines=[{"line": str(part.lines.get().pk), "quantity": 1}]))

    assert (answer.status_code, answer.json()["order_state"]) == (201, "paid")
    assert part.lines.get().called_off_quantity == 1


def test_the_same_key_is_the_same_call_off(api):
    order, part, _other = of_two_stores(shopper(MONEY), 3, 1)
    api.force_authenticate(merchant(part))
    body = wish(part, lines=[{"line": str(part.lines.get().pk), "quantity": 1}])

    first, again = (post(api, order, body, key="once") for _ in range(2))
    other_body = post(api, order, wish(part), key="once")

    assert first.json() == again.json()
    assert other_body.status_code == 422
    assert CallOff.objects.count() == 1
    assert posted_and_held(order.customer_id) == (MONEY - order.total_minor + PRICE, 0)


def test_others_find_nothing_and_change_nothing(api):
    order, part, other = of_two_stores(shopper(MONEY), 1, 1)
    elsewhere, *_parts = of_two_stores(shopper(MONEY), 1, 1)

    for person, status in [
        (order.customer, 403),
        (make_customer(), 403),
        (mover("view_order"), 403),
        (merchant(other), 404),
    ]:
        api.force_authenticate(person)
        assert post(api, order, wish(part)).status_code == status
    api.force_authenticate(merchant(part))
    wrong_order = post(api, elsewhere, wish(part))

    assert (wrong_order.status_code, wrong_order.json()["code"]) == (404, "order_part_not_found")
    assert not CallOff.objects.exists()
    assert set(Order.objects.values_list("state", flat=True)) == {"paid"}


def test_refusals_say_why_and_change_nothing(api):
    order, part, other = of_two_stores(shopper(MONEY), 2, 1)
    packed(order, 1, part=part)
    packed(order, part=other)
    line, theirs = str(part.lines.get().pk), str(other.lines.get().pk)
    api.force_authenticate(mover("change_order"))

    refused = [
        post(api, order, body)
        for body in (
            wish(part, lines=[{"line": line, "quantity": 2}]),
            wish(part, lines=[{"line": theirs, "quantity": 1}]),
            wish(other),
        )
    ]

    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (409, "too_many_called_off"),
        (404, "order_part_not_found"),
        (409, "nothing_to_call_off"),
    ]
    Order.objects.filter(pk=order.pk).update(state="cancelled")
    over = post(api, order, wish(part))
    assert (over.status_code, over.json()["code"]) == (409, "call_off_refused")
    assert not CallOff.objects.exists()
    assert posted_and_held(order.customer_id) == (MONEY - order.total_minor, 0)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fate": "burned"}, "fate"),
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"part": "no"}, "part"),
        ({"lines": []}, "lines"),
        ({"lines": [{"line": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"line": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2", "quantity": 1}] * 2}, "lines"),
    ],
    ids=["fate", "no reason", "long reason", "part", "no lines", "no units", "twice"],
)
def test_what_makes_no_sense_is_said_field_by_field(api, changes, field):
    order, part, _other = of_two_stores(shopper(MONEY), 1, 1)
    api.force_authenticate(merchant(part))

    answer = post(api, order, wish(part) | changes)

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not CallOff.objects.exists()


def test_without_a_key_nothing_happens(api):
    order, part, _other = of_two_stores(shopper(MONEY), 1, 1)
    api.force_authenticate(merchant(part))

    answer = api.post(f"/api/v1/orders/{order.pk}/call-off/", wish(part), format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert not CallOff.objects.exists()
