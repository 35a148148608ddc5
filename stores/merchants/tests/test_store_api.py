"""Stores and their people through HTTP."""

from typing import Any

import pytest

from marketplace.core.audit import AuditEntry
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import ProductFactory
from stores.merchants.models import Store, StoreMember
from users.staff.tests.factories import DepartmentFactory

from .factories import StoreFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/stores/"
BODY = {"name": "Librería del Centro", "latitude": 19.4326, "longitude": -99.1332}


def snapshot() -> list[Any]:
    return list(Store.objects.order_by("pk").values_list())


def test_administrator_opens_a_store_with_three_values(api, administrator, settings):
    settings.DEFAULT_CURRENCY = "MXN"
    api.force_authenticate(administrator)

    answer = api.post(URL, BODY, format="json")

    assert answer.status_code == 201
    assert answer["ETag"] == '"1"'
    body = answer.json()
    assert (body["slug"], body["currency"], body["state"]) == ("libreria-del-centro", "MXN", "open")
    assert AuditEntry.objects.get().action == "stores.create_store"


def test_same_name_twice_gets_another_slug(api, administrator):
    api.force_authenticate(administrator)

    slugs = {api.post(URL, BODY, format="json").json()["slug"] for _ in range(3)}

    assert len(slugs) == 3


def test_given_slug_that_is_taken_is_refused(api, administrator):
    StoreFactory(slug="centro")
    api.force_authenticate(administrator)

    answer = api.post(URL, {**BODY, "slug": "centro"}, format="json")

    assert (answer.status_code, answer.json()["code"], answer.json()["slug"]) == (409, "slug_taken", "centro")
    assert Store.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"latitude": 91}, "latitude"),
        ({"longitude": -181}, "longitude"),
        ({"latitude": "19"}, "latitude"),
        ({"latitude": None}, "latitude"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"slug": "con espacio"}, "slug"),
        ({"state": "ajar"}, "state"),
        ({"currency": "XXX"}, "currency"),
        ({"language": "tlh"}, "language"),
    ],
)
def test_bad_values_name_their_field_and_change_nothing(api, administrator, change, field):
    api.force_authenticate(administrator)

    answer = api.post(URL, {**BODY, **change}, format="json")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Store.objects.exists()


def test_anyone_reads_without_signing_in(api, django_assert_num_queries):
    stores = [StoreFactory() for _ in range(5)]
    StoreFactory(archived_at="2026-01-01T00:00:00Z", state="closed")

    with django_assert_num_queries(1):
        answer = api.get(URL)

    assert [row["id"] for row in answer.json()["results"]] == [str(store.pk) for store in reversed(stores)]
    assert api.get(f"{URL}{stores[0].pk}/").json()["name"] == stores[0].name


def test_department_staff_become_owners_of_the_store_they_open(api, clerk_of):
    clerk = clerk_of(DepartmentFactory())
    api.force_authenticate(clerk)

    store_id = api.post(URL, BODY, format="json").json()["id"]

    member = StoreMember.objects.get(store_id=store_id)
    assert (member.user, member.role) == (clerk, "owner")


@pytest.mark.parametrize("who", ["nobody", "customer", "merchant"])
def test_others_open_no_store(api, person, who):
    user = person()
    if who == "merchant":
        StoreFactory(owner=user)
    if who != "nobody":
        api.force_authenticate(user)
    before = snapshot()

    answer = api.post(URL, BODY, format="json")

    assert answer.status_code == (401 if who == "nobody" else 403)
    assert snapshot() == before


def test_merchant_pauses_their_store_and_the_world_hears_it(api, person):
    merchant = person()
    store = StoreFactory(member=merchant)
    api.force_authenticate(merchant)

    answer = api.patch(f"{URL}{store.pk}/", {"state": "paused"}, format="json", HTTP_IF_MATCH='W/"1"')

    assert (answer.status_code, answer["ETag"], answer.json()["state"]) == (200, '"2"', "paused")
    event = OutboxEvent.objects.get()
    assert event.wire_name == "stores.store_state_changed"
    assert event.payload == {"store_id": str(store.pk), "from_state": "open", "to_state": "paused"}


def test_moving_a_store_is_published_and_renaming_is_not(api, administrator):
    store = StoreFactory()
    api.force_authenticate(administrator)

    api.patch(f"{URL}{store.pk}/", {"name": "Otra"}, format="json")
    assert not OutboxEvent.objects.exists()

    api.patch(f"{URL}{store.pk}/", {"latitude": 19.5}, format="json")
    assert OutboxEvent.objects.get().wire_name == "stores.store_moved"


def test_stale_version_changes_nothing(api, administrator):
    store = StoreFactory(version=3)
    api.force_authenticate(administrator)
    before = snapshot()

    answers = [
        api.patch(f"{URL}{store.pk}/", {"name": "Otra"}, format="json", HTTP_IF_MATCH='"2"'),
        api.delete(f"{URL}{store.pk}/", HTTP_IF_MATCH='"x"'),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(412, "stale")] * 2
    assert snapshot() == before


def test_store_of_others_does_not_exist_for_writing(api, person, clerk_of):
    product = ProductFactory()
    store = product.store
    merchant = person()
    StoreFactory(owner=merchant)
    before = snapshot()

    for user in (merchant, clerk_of(product.category.department)):
        api.force_authenticate(user)
        assert api.patch(f"{URL}{store.pk}/", {"name": "Mía"}, format="json").status_code == 404
        assert api.delete(f"{URL}{store.pk}/").status_code == 404
        assert api.get(f"{URL}{store.pk}/members/").status_code == 404

    assert snapshot() == before


def test_currency_stays_once_there_are_products(api, administrator):
    store = ProductFactory().store
    api.force_authenticate(administrator)

    refused = api.patch(f"{URL}{store.pk}/", {"currency": "USD"}, format="json")
    allowed = api.patch(f"{URL}{StoreFactory().pk}/", {"currency": "USD"}, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "store_currency_fixed")
    assert allowed.json()["currency"] == "USD"


def test_deleted_store_is_closed_and_gone_from_view(api, person):
    owner, member = person(), person()
    store = StoreFactory(owner=owner, member=member)

    api.force_authenticate(member)
    assert api.delete(f"{URL}{store.pk}/").status_code == 404
    api.force_authenticate(owner)
    assert api.delete(f"{URL}{store.pk}/").status_code == 204

    assert api.get(f"{URL}{store.pk}/").status_code == 404
    store.refresh_from_db()
    assert store.state == "closed"
    assert store.archived_at is not None


def test_owner_manages_people(api, person):
    owner, friend = person(), person()
    store = StoreFactory(owner=owner)
    api.force_authenticate(owner)
    url = f"{URL}{store.pk}/members/"

    added = api.post(url, {"user": str(friend.pk)}, format="json")
    again = api.post(url, {"user": str(friend.pk)}, format="json")
    promoted = api.patch(f"{url}{added.json()['id']}/", {"role": "owner"}, format="json")

    assert (added.status_code, added.json()["role"]) == (201, "member")
    assert (again.status_code, again.json()["code"]) == (409, "already_member")
    assert promoted.json()["role"] == "owner"
    assert len(api.get(url).json()["results"]) == 2
    assert api.delete(f"{url}{added.json()['id']}/").status_code == 204


def test_last_owner_stays(api, person):
    owner = person()
    store = StoreFactory(owner=owner, member=person())
    member = store.members.get(user=owner)
    api.force_authenticate(owner)
    url = f"{URL}{store.pk}/members/{member.pk}/"

    answers = [api.patch(url, {"role": "member"}, format="json"), api.delete(url)]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "last_owner")] * 2
    member.refresh_from_db()
    assert member.role == "owner"


def test_members_read_people_but_do_not_choose_them(api, person):
    member = person()
    store = StoreFactory(owner=person(), member=member)
    api.force_authenticate(member)
    url = f"{URL}{store.pk}/members/"

    assert api.get(url).status_code == 200
    assert api.post(url, {"user": str(person().pk)}, format="json").status_code == 404
    assert store.members.count() == 2


@pytest.mark.parametrize("path", ["x/", "0/", "00000000-0000-0000-0000-000000000000/", "%00/"])
def test_odd_ids_are_not_found(api, path):
    answer = api.get(f"{URL}{path}")

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "query", ["page_size=0", "page_size=9999999999", "cursor=x", "cursor=%00", "state=ajar", "search=%00"]
)
def test_odd_queries_are_refused(api, query):
    assert api.get(f"{URL}?{query}").status_code == 400
