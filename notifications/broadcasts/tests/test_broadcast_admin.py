"""The desk of broadcasts: the same services, how many, a test, steps by state, progress."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from marketplace.core.outbox.relay import drain
from notifications.audiences.models import FanOut
from notifications.audiences.reach import Size
from notifications.broadcasts.admin import size_text
from notifications.broadcasts.models import Broadcast
from notifications.inbox.models import InboxItem
from users.accounts.tests.factories import AdministratorFactory, StaffFactory
from users.customers.tests.factories import SegmentFactory, make_customer

from .factories import make_broadcast

pytestmark = pytest.mark.django_db
ADD, LIST = (reverse(f"admin:notifications_broadcast_{name}") for name in ("add", "changelist"))
SIZE = reverse("admin:notifications_broadcast_size")
PLACE = {"latitude": "19.4326", "longitude": "-99.1332", "radius_km": "2"}


@pytest.fixture
def boss():
    """A signed-in administrator."""
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(AdministratorFactory.create())
    return client


def posted(**changes) -> dict[str, Any]:
    texts = {"title_en": "We open", "title_es": "Abrimos", "body_en": "Come.", "body_es": "Ven."}
    empty = dict.fromkeys(("active_within_days", "radius_km", "latitude", "longitude", "send_at_0", "send_at_1"), "")
    return {"name": "Opening", **texts, **empty} | changes


def change(broadcast) -> str:
    return reverse("admin:notifications_broadcast_change", args=[broadcast.pk])


def step(client, broadcast, name: str):
    path = reverse(f"admin:notifications_broadcast_{name}", args=[broadcast.pk])
    return client.post(path, {"_form_submitted": "on"})


def test_added_and_changed_by_the_services(boss):
    segment = SegmentFactory.create()

    boss.post(ADD, posted(**PLACE, segments=[str(segment.pk)], tiers=["gold"], channels=["push", "email"]))

    broadcast = Broadcast.objects.get()
    assert (broadcast.radius_km, broadcast.tiers, broadcast.channels) == (2.0, ["gold"], ["email", "push"])
    assert [row.pk for row in broadcast.segments.all()] == [segment.pk]
    boss.post(change(broadcast), posted(name="Later", expected_version="1"))
    broadcast.refresh_from_db()
    assert (broadcast.name, broadcast.radius_km, broadcast.version) == ("Later", None, 2)
    stale = boss.post(change(broadcast), posted(name="Stale", expected_version="1"))
    assert stale.status_code == 200
    broadcast.refresh_from_db()
    assert broadcast.name == "Later"


def test_wrong_circle_is_shown_at_its_field_and_nothing_is_kept(boss):
    answer = boss.post(ADD, posted(latitude="19.4", longitude="-99.1"))

    assert "radius_km" in answer.context["adminform"].form.errors or b"neither" in answer.content
    assert not Broadcast.objects.exists()


def test_size_of_the_form_as_it_stands(boss):
    make_customer(latitude=19.4326, longitude=-99.1332)
    make_customer(latitude=20.5, longitude=-99.1332)

    # The administrator has an inbox too.
    assert boss.post(SIZE, {}).json() == {"text": "People: 3"}
    assert boss.post(SIZE, PLACE).json() == {"text": "People: 1"}
    assert "neither" in boss.post(SIZE, {"latitude": "19.4"}).json()["text"]
    assert "number" in boss.post(SIZE, PLACE | {"radius_km": "far"}).json()["text"]
    assert boss.get(SIZE).status_code == 403
    assert size_text(Size(1_000_000, True)) == "People: about 1,000,000 or more"
    assert not Broadcast.objects.exists()


def test_steps_by_state(boss):
    make_customer()
    broadcast = make_broadcast(send_at=timezone.now() + timedelta(hours=1))

    step(boss, broadcast, "send_test")
    assert InboxItem.objects.count() == 1
    for name, state in (("schedule", "scheduled"), ("send_now", "sending"), ("stop", "stopped")):
        assert step(boss, broadcast, name)["HX-Redirect"] == change(broadcast)
        broadcast.refresh_from_db()
        assert broadcast.state == state


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("draft", {"send_test", "schedule", "send_now"}),
        ("scheduled", {"send_test", "send_now", "stop"}),
        ("sending", {"stop"}),
        ("sent", set()),
        ("stopped", set()),
    ],
)
def test_page_offers_what_the_state_allows_and_is_read_only_once_sent(boss, state, offered):
    broadcast = make_broadcast(state=state, send_at=timezone.now() + timedelta(hours=1))

    page = boss.get(change(broadcast)).content.decode()

    names = ("send_test", "schedule", "send_now", "stop")
    links = {name: reverse(f"admin:notifications_broadcast_{name}", args=[broadcast.pk]) for name in names}
    assert {name for name, link in links.items() if link in page} == offered
    assert ('name="title_en"' in page) == (state in {"draft", "scheduled"})
    assert ("data-map-picker" in page) == (state in {"draft", "scheduled"})
    refused = boss.post(change(broadcast), posted(name="Other", expected_version=str(broadcast.version)))
    assert (refused.status_code == 403) == (state not in {"draft", "scheduled"})


def test_progress_follows(boss):
    customers = [make_customer(latitude=19.4326, longitude=-99.1332) for _ in range(4)]
    broadcast = make_broadcast(state="sending", latitude=19.4326, longitude=-99.1332, radius_km=2.0)
    path = reverse("admin:notifications_broadcast_progress", args=[broadcast.pk])
    FanOut.objects.update(told_count=3, expected_count=len(customers))

    assert boss.get(path).json() == {"state": "sending", "percent": 75, "text": "3 / 4 (75 %)"}
    FanOut.objects.update(told_count=0)
    drain()
    assert boss.get(path).json() == {"state": "sent", "percent": 100, "text": "4"}
    assert b'value="100"' in boss.get(change(broadcast)).content
    assert boss.get(LIST).status_code == 200


def test_nobody_else_counts_or_follows():
    client = Client()
    client.force_login(StaffFactory.create())
    broadcast = make_broadcast()

    assert client.post(SIZE, {}).status_code == 403
    assert client.get(reverse("admin:notifications_broadcast_progress", args=[broadcast.pk])).status_code == 403


def test_drafts_are_deleted_others_stay(boss):
    draft, scheduled = make_broadcast(), make_broadcast(state="scheduled")

    for broadcast in (draft, scheduled):
        boss.post(reverse("admin:notifications_broadcast_delete", args=[broadcast.pk]), {"post": "yes"})

    assert [row.pk for row in Broadcast.objects.all()] == [scheduled.pk]
