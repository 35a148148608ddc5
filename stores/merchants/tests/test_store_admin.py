"""The stores' admin page."""

from typing import Any

import pytest
from django.urls import reverse

from marketplace.core.outbox.models import OutboxEvent
from stores.merchants.models import Store

from .factories import StoreFactory

pytestmark = pytest.mark.django_db
ADD = "admin:stores_store_add"
CHANGE = "admin:stores_store_change"


def form(store: Store, *members: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = ("name", "slug", "state", "latitude", "longitude", "currency", "language", "commission_bp")
    values: dict[str, Any] = {name: getattr(store, name) for name in names}
    values |= {
        "expected_version": store.version,
        "members-TOTAL_FORMS": len(members),
        "members-INITIAL_FORMS": sum("id" in row for row in members),
    }
    for number, row in enumerate(members):
        values |= {f"members-{number}-{name}": value for name, value in row.items()}
    return values | changes


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def test_pages_open(office):
    store = StoreFactory()

    for page in (
        reverse("admin:stores_store_changelist"),
        reverse(ADD),
        reverse(CHANGE, args=[store.pk]),
        reverse("admin:autocomplete") + "?app_label=stores&model_name=product&field_name=store&term=tienda",
    ):
        assert office.get(page).status_code == 200, page


def test_new_store_with_its_owner(office, person):
    owner = person()
    store = Store(name="Centro", slug="centro", latitude=19.4, longitude=-99.1, currency="MXN")

    answer = office.post(reverse(ADD), form(store, {"user": owner.pk, "role": "owner"}))

    assert answer.status_code == 302, answer.context["errors"]
    made = Store.objects.get()
    assert (made.slug, made.members.get().user, made.members.get().role) == ("centro", owner, "owner")


def test_change_is_published_and_people_are_managed(office, person):
    owner, member = person(), person()
    store = StoreFactory(owner=owner, member=member)
    rows = [
        {"id": each.pk, "store": store.pk, "user": each.user_id, "role": "owner"}
        for each in store.members.order_by("pk")
    ]
    rows[0]["DELETE"] = "on"

    answer = office.post(reverse(CHANGE, args=[store.pk]), form(store, rows[1], rows[0], state="paused"))

    assert answer.status_code == 302
    store.refresh_from_db()
    assert (store.state, store.version) == ("paused", 2)
    assert OutboxEvent.objects.get().wire_name == "stores.store_state_changed"


def test_last_owner_stays_and_nothing_is_half_done(office, person):
    store = StoreFactory(owner=person())
    owner = store.members.get()
    row = {"id": owner.pk, "store": store.pk, "user": owner.user_id, "role": "owner", "DELETE": "on"}

    answer = office.post(reverse(CHANGE, args=[store.pk]), form(store, row, name="Otra"), follow=True)

    assert "last owner" in answer.content.decode()
    store.refresh_from_db()
    assert store.name != "Otra"
    assert store.members.count() == 1


def test_second_editor_is_told(office):
    store = StoreFactory(version=2)

    answer = office.post(reverse(CHANGE, args=[store.pk]), form(store, name="Otra", expected_version=1))

    assert answer.status_code == 200
    assert "changed by somebody else" in answer.content.decode()


def test_archived_store_is_closed(office):
    store = StoreFactory()

    office.post(reverse("admin:stores_store_changelist"), {"action": "archive", "_selected_action": [store.pk]})

    store.refresh_from_db()
    assert store.state == "closed"
    assert store.archived_at is not None


def test_merchant_on_the_staff_sets_everything_but_the_terms(client, person):
    merchant = person(is_staff=True)
    store, foreign = StoreFactory(owner=merchant), StoreFactory()
    client.force_login(merchant)

    client.post(reverse(CHANGE, args=[store.pk]), form(store, name="Mía", commission_bp=0))
    refused = client.post(reverse(CHANGE, args=[foreign.pk]), form(foreign, name="Mía"))

    store.refresh_from_db()
    foreign.refresh_from_db()
    assert (store.name, store.commission_bp) == ("Mía", 1_000)
    assert refused.status_code == 403
    assert foreign.name != "Mía"
