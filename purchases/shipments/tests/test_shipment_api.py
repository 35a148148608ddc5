"""`shipments/`: customers see theirs, the store's people and the house pack and send; to others nothing is there."""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission

from marketplace.core.access import KEYS
from marketplace.core.models import AuditEntry
from promotions.flash.tests.factories import make_variant
from purchases.checkout.tests.factories import bought, shopper
from purchases.models import Order, Shipment, ShipmentEvent, ShipmentLine
from stores.merchants.models import StoreMember
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import packed, take_to

pytestmark = pytest.mark.django_db

URL = "/api/v1/shipments/"


def key() -> dict[str, str]:
    return {"Idempotency-Key": uuid4().hex}


def everything() -> list[Any]:
    models = (Order, Shipment, ShipmentLine, ShipmentEvent, AuditEntry)
    return [list(model._default_manager.order_by("pk").values_list()) for model in models]


def merchant_of(order: Order, role: str = StoreMember.Role.MEMBER) -> Any:
    user = UserFactory()
    StoreMember.objects.create(store=order.parts.get().store, user=user, role=role)
    return user


def of_the_house() -> Any:
    user = StaffFactory()
    user.user_permissions.add(Permission.objects.get(codename="change_order"))
    return user


SENDERS = {
    "member": merchant_of,
    "owner": lambda order: merchant_of(order, StoreMember.Role.OWNER),
    "house": lambda _order: of_the_house(),
    "administrator": lambda _order: AdministratorFactory(),
}


@pytest.mark.parametrize("who", SENDERS)
def test_whoever_sends_for_the_store_packs_sends_and_delivers(api, who):
    order = bought(shopper(), 3)
    part, line = order.parts.get(), order.lines.get()
    api.force_authenticate(SENDERS[who](order))
    body = {"part": str(part.pk), "lines": [{"line": str(line.pk), "quantity": 2}], "note": "With ice"}

    first = api.post(URL, body, format="json", headers=key())
    rest = api.post(URL, {"part": str(part.pk)}, format="json", headers=key())
    sent = api.patch(
        f"{URL}{first.json()['id']}/",
        {"state": "shipped", "carrier": "Estafeta", "tracking": "42", "tracking_url": "https://estafeta.example/42"},
        format="json",
    )
    corrected = api.patch(f"{URL}{first.json()['id']}/", {"tracking": "43"}, format="json")
    there = api.patch(f"{URL}{first.json()['id']}/", {"state": "delivered", "note": "To Ana"}, format="json")

    assert (first.status_code, rest.status_code) == (201, 201)
    assert [each["quantity"] for each in first.json()["lines"]] == [2]
    assert [each["quantity"] for each in rest.json()["lines"]] == [1]
    assert (sent.status_code, sent.json()["state"], sent.json()["carrier"]) == (200, "shipped", "Estafeta")
    assert (corrected.status_code, corrected.json()["tracking"]) == (200, "43")
    assert [(step["state"], step["note"]) for step in there.json()["history"]] == [
        ("packed", "With ice"),
        ("shipped", ""),
        ("delivered", "To Ana"),
    ]
    assert Order.objects.get().state == "packed"


def test_a_customer_follows_the_parcels_of_their_own_orders(api):
    customer = shopper()
    order, other = bought(customer, 2), bought(customer, 1)
    first, second = packed(order, 1), packed(other)
    take_to(other, "shipped")
    foreign = packed(bought(shopper(), 1))
    api.force_authenticate(customer)

    def listed(**narrowed: Any) -> list[str]:
        return [row["id"] for row in api.get(URL, narrowed).json()["results"]]

    shown = api.get(f"{URL}{second.pk}/").json()

    assert listed() == [str(second.pk), str(first.pk)]
    assert listed(order=order.pk) == [str(first.pk)]
    assert listed(state="shipped") == [str(second.pk)]
    assert listed(store=uuid4()) == []
    assert (shown["order_number"], shown["state"]) == (other.number, "shipped")
    assert [step["state"] for step in shown["history"]] == ["packed", "shipped"]
    assert "actor_id" not in str(shown)
    assert api.get(f"{URL}{foreign.pk}/").status_code == 404
    assert api.get(URL, {"state": "nowhere"}).status_code == 400


def test_a_page_of_shipments_costs_three_queries_and_one_for_ones_stores(api, django_assert_num_queries):
    customer = shopper()
    for _order in range(4):
        packed(bought(customer, 1))
    api.force_authenticate(customer)

    with django_assert_num_queries(4):
        assert len(api.get(URL).json()["results"]) == 4


def test_the_same_key_packs_once(api):
    order = bought(shopper(), 3)
    api.force_authenticate(merchant_of(order))
    body = {
        "part": str(order.parts.get().pk),
        "lines": [{"line": str(order.lines.get().pk), "quantity": 1}],
    }
    same = key()

    answers = [api.post(URL, body, format="json", headers=same).json() for _ in range(2)]
    without = api.post(URL, body, format="json")

    assert answers[0] == answers[1]
    assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_required")
    assert Shipment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"part": "x"}, 400, "invalid"),
        ({"part": None}, 400, "invalid"),
        ({"lines": []}, 400, "invalid"),
        ({"lines": None}, 400, "invalid"),
        ({"lines": [{"quantity": 1}]}, 400, "invalid"),
        ({"lines": "twice"}, 400, "invalid"),
        ({"quantity": 0}, 400, "invalid"),
        ({"quantity": 4}, 409, "too_many_packed"),
        ({"line": str(uuid4())}, 404, "order_part_not_found"),
        ({"part": str(uuid4())}, 404, "order_part_not_found"),
        ({"note": "x" * 201}, 400, "invalid"),
    ],
)
def test_a_bad_parcel_is_refused_and_nothing_changes(api, change, status, code):
    order = bought(shopper(), 3)
    api.force_authenticate(merchant_of(order))
    line = {"line": str(order.lines.get().pk), "quantity": 1}
    body = {"part": str(order.parts.get().pk), "lines": [line]} | change
    if body["lines"] == "twice":
        body["lines"] = [line, line]
    line |= {name: body.pop(name) for name in ("line", "quantity") if name in body}
    before = everything()

    answer = api.post(URL, body, format="json", headers=key())

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert everything() == before


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"state": "packed"}, 400, "invalid"),
        ({"state": "arrived"}, 400, "invalid"),
        ({"state": "delivered"}, 409, "shipment_state"),
        ({"state": "lost"}, 409, "shipment_state"),
        ({"state": "cancelled", "carrier": "X"}, 400, "invalid"),
        ({"note": "Only a note"}, 400, "invalid"),
        ({"note": "A note", "carrier": "X"}, 400, "invalid"),
        ({"state": "shipped", "tracking_url": "javascript:alert(1)"}, 400, "invalid"),
        ({"state": "shipped", "tracking_url": "ftp://x.example/1"}, 400, "invalid"),
        ({"tracking": "x" * 121}, 400, "invalid"),
        ({"tracking": 5}, 400, "invalid"),
    ],
)
def test_a_bad_step_is_refused_and_nothing_changes(api, change, status, code):
    order = bought(shopper(), 1)
    shipment = packed(order)
    api.force_authenticate(merchant_of(order))
    before = everything()

    answer = api.patch(f"{URL}{shipment.pk}/", change, format="json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert everything() == before


def test_to_all_others_there_is_nothing_to_pack_or_to_send(api):
    customer = shopper()
    order = bought(customer, 2)
    shipment = packed(order, 1)
    before = everything()

    def tries() -> list[int]:
        body = {"part": str(order.parts.get().pk)}
        return [
            api.post(URL, body, format="json", headers=key()).status_code,
            api.patch(f"{URL}{shipment.pk}/", {"state": "shipped"}, format="json").status_code,
            api.get(f"{URL}{shipment.pk}/").status_code,
            api.get(f"{URL}to-pack/").status_code,
        ]

    elsewhere = merchant_of(bought(shopper(), 1))
    api.force_authenticate(elsewhere)
    assert tries() == [404, 404, 404, 200]
    assert [row["order"] for row in api.get(f"{URL}to-pack/").json()["results"]] != [str(order.pk)]
    for stranger in (UserFactory(), StaffFactory(), DepartmentMemberFactory(keys=list(KEYS)).user):
        api.force_authenticate(stranger)
        assert tries() == [403, 403, 404, 403]
    api.force_authenticate(customer)
    assert tries() == [403, 403, 200, 403]
    api.force_authenticate(None)
    assert tries() == [401, 401, 401, 401]
    gone = StaffFactory(is_active=False)
    gone.user_permissions.add(Permission.objects.get(codename="change_order"))
    api.force_authenticate(gone)
    assert tries() == [401, 401, 401, 401] or tries() == [403, 403, 403, 403]
    assert everything()[1:4] == before[1:4]


def test_what_is_to_be_packed_is_listed_oldest_first_with_what_is_left(api, django_assert_max_num_queries):
    bread, cheese = make_variant(), make_variant()
    both = bought(shopper(), 3, 1, variants=[bread, cheese])
    packed(both, 2, part=both.parts.get(store=bread.store_id))
    younger = bought(shopper(), 1, variants=[bread])
    done = bought(shopper(), 1, variants=[bread])
    packed(done)
    user = UserFactory()
    StoreMember.objects.create(store=bread.store, user=user)
    api.force_authenticate(user)

    with django_assert_max_num_queries(4):
        rows = api.get(f"{URL}to-pack/").json()["results"]

    assert [(row["order_number"], row["lines"][0]["left"]) for row in rows] == [(both.number, 1), (younger.number, 1)]
    assert rows[0]["part"] == str(both.parts.get(store=bread.store_id).pk)
    rest = api.get(f"{URL}to-pack/", {"page_size": 1}).json()
    assert api.get(rest["next"]).json()["results"][0]["order_number"] == younger.number
