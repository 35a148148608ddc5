"""`admin/broadcasts/` over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from marketplace.core.outbox.relay import drain
from notifications.broadcasts.models import Broadcast
from notifications.inbox.models import InboxItem
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.customers.tests.factories import SegmentFactory, make_customer

from .factories import make_broadcast

pytestmark = pytest.mark.django_db
URL = "/api/v1/admin/broadcasts/"
BODY: dict[str, Any] = {
    "name": "Opening",
    "title_en": "We open",
    "title_es": "Abrimos",
    "body_en": "Come and see us.",
    "body_es": "Ven a visitarnos.",
}


def url(broadcast, step: str = "") -> str:
    return f"{URL}{broadcast.pk}/{step}"


@pytest.fixture
def boss(api):
    """The client, signed in as an administrator."""
    api.force_authenticate(AdministratorFactory.create())
    return api


def test_from_a_draft_to_everybodys_inbox(boss):
    segment, customer = SegmentFactory.create(), make_customer(latitude=19.4326, longitude=-99.1332)
    circle = {"latitude": 19.4326, "longitude": -99.1332, "radius_km": 2}
    terms = BODY | circle | {"channels": ["push"], "segments": [str(segment.pk)]}
    created = boss.post(URL, terms, format="json")

    assert (created.status_code, created["ETag"]) == (201, '"1"'), created.data
    path = f"{URL}{created.json()['id']}/"
    assert created.json()["segments"] == [str(segment.pk)]
    assert boss.get(f"{path}audience/").json() == {"count": 0, "is_more": False}
    assert boss.patch(path, {"segments": []}, format="json", headers={"If-Match": '"1"'})["ETag"] == '"2"'
    assert boss.get(f"{path}audience/").json() == {"count": 1, "is_more": False}
    sending = boss.post(f"{path}send/", headers={"If-Match": '"2"'})
    assert (sending.status_code, sending.json()["state"], sending.json()["percent"]) == (200, "sending", 0)
    drain()
    sent = boss.get(path).json()
    assert (sent["state"], sent["told_count"], sent["expected_count"], sent["percent"]) == ("sent", 1, 1, 100)
    assert [item.customer for item in InboxItem.objects.all()] == [customer.pk]
    refused = boss.post(f"{path}send/")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "broadcast_state", "sent")


def test_scheduled_and_stopped(boss):
    broadcast = make_broadcast(send_at=timezone.now() + timedelta(hours=1))

    states = [boss.post(url(broadcast, step)).json()["state"] for step in ("schedule/", "schedule/", "stop/", "stop/")]

    assert states == ["scheduled", "scheduled", "stopped", "stopped"]
    assert boss.post(url(broadcast, "schedule/")).status_code == 409


@pytest.mark.parametrize("step", ["schedule/", "send/", "stop/"])
def test_stale_steps_are_refused_with_the_object_as_it_is(boss, step):
    broadcast = make_broadcast(state="scheduled")

    stale = boss.post(url(broadcast, step), headers={"If-Match": '"1"'})

    assert (stale.status_code, stale.json()["current"]["state"]) == (412, "scheduled")
    assert Broadcast.objects.get().version == broadcast.version


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title_es": ""}, "title_es"),
        ({"body_en": "x" * 2_001}, "body_en"),
        ({"channels": ["inbox"]}, "channels"),
        ({"tiers": ["platinum"]}, "tiers"),
        ({"latitude": 19.4}, "radius_km"),
        ({"latitude": 19.4, "longitude": -99.1, "radius_km": 0}, "radius_km"),
        ({"segments": ["0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"]}, "segments"),
        ({"active_within_days": 0}, "active_within_days"),
        ({"send_at": "tomorrow"}, "send_at"),
    ],
)
def test_wrong_values_are_named_and_change_nothing(boss, changes, field):
    broadcast = make_broadcast()

    made, changed = boss.post(URL, BODY | changes, format="json"), boss.patch(url(broadcast), changes, format="json")

    assert [answer.status_code for answer in (made, changed)] == [400, 400]
    assert {error["field"].split("[")[0].split(".")[0] for error in made.json()["errors"]} == {field}
    assert list(Broadcast.objects.values_list("pk", "version")) == [(broadcast.pk, 1)]


def test_state_and_progress_cannot_be_written(boss):
    foreign = {"state": "sent", "told_count": 9, "message": 1, "started_at": "2026-01-01T00:00:00Z", "version": 9}

    created = boss.post(URL, BODY | foreign, format="json")

    assert (created.json()["state"], created.json()["told_count"], created.json()["started_at"]) == ("draft", 0, None)
    assert Broadcast.objects.get().message_id is None


def test_a_test_is_for_oneself(boss):
    make_customer()
    broadcast = make_broadcast()

    answer = boss.post(url(broadcast, "test/"))

    assert answer.status_code == 200
    assert InboxItem.objects.get().message_id == int(answer.json()["message"])


def test_list_by_state_costs_the_same_however_many(boss, django_assert_num_queries):
    for _ in range(3):
        make_broadcast(segment_ids=frozenset({SegmentFactory.create().pk}))
    make_broadcast(state="scheduled")

    with django_assert_num_queries(2):
        found = boss.get(URL, {"state": "draft", "search": "open"}).json()["results"]

    assert [row["state"] for row in found] == ["draft"] * 3


@pytest.mark.parametrize(
    ("codename", "allowed"),
    [
        ("view_broadcast", {"GET", "audience/"}),
        ("add_broadcast", {"POST"}),
        ("change_broadcast", {"PATCH", "test/", "schedule/", "send/", "stop/"}),
        ("delete_broadcast", {"DELETE"}),
        ("view_message", set()),
    ],
)
def test_staff_with_djangos_permission(api, codename, allowed):
    person = StaffFactory.create()
    person.user_permissions.add(Permission.objects.get(codename=codename))
    api.force_authenticate(type(person).objects.get(pk=person.pk))
    broadcast = make_broadcast()

    tried = {
        "GET": api.get(url(broadcast)),
        "audience/": api.get(url(broadcast, "audience/")),
        "POST": api.post(URL, BODY, format="json"),
        "PATCH": api.patch(url(broadcast), {"name": "Other"}, format="json"),
        **{step: api.post(url(broadcast, step)) for step in ("test/", "schedule/", "send/", "stop/")},
        "DELETE": api.delete(url(broadcast)),
    }

    assert {name for name, answer in tried.items() if answer.status_code != 403} == allowed
