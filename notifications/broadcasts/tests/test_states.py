"""The way of a broadcast: every step from every state, races, stopping half-way, what the clock does."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from marketplace.core.audit import AuditEntry
from marketplace.core.errors import InvalidInputError, StaleError
from marketplace.core.models import OutboxEvent
from marketplace.core.outbox.relay import drain
from notifications.audiences import services as fan_outs
from notifications.audiences import statement
from notifications.audiences.models import FanOut
from notifications.audiences.services import resume_fan_outs
from notifications.broadcasts import tasks
from notifications.broadcasts.errors import BroadcastNotFoundError, BroadcastStateError
from notifications.broadcasts.models import Broadcast
from notifications.broadcasts.selectors import broadcast_progress, size_of_broadcast
from notifications.broadcasts.services import lifecycle, planning
from notifications.events import BroadcastStarted, InboxFilled
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.rendering import render
from notifications.preferences.models import Preference
from users.accounts.tests.factories import AdministratorFactory
from users.customers.errors import SegmentInUseError
from users.customers.models import CustomerProfile
from users.customers.services.segments import delete_segment
from users.customers.tests.factories import SegmentFactory, make_customer

from .factories import broadcast_terms, make_broadcast

pytestmark = pytest.mark.django_db
STATES = ("draft", "scheduled", "sending", "sent", "stopped")
STEPS = {
    "schedule": lifecycle.schedule_broadcast,
    "send": lifecycle.send_broadcast,
    "stop": lifecycle.stop_broadcast,
}
# Where each step leads from each state; None: refused.
LEADS = {
    "schedule": ("scheduled", "scheduled", None, None, None),
    "send": ("sending", "sending", "sending", None, None),
    "stop": (None, "stopped", "stopped", None, "stopped"),
}
EVERY_STEP = [(step, state, LEADS[step][place]) for step in STEPS for place, state in enumerate(STATES)]


def rows():
    """Everything that a refused step must leave as it is."""
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Broadcast, Message, FanOut, InboxItem, AuditEntry, OutboxEvent)
    ]


def told() -> set[UUID]:
    return set(InboxItem.objects.values_list("customer", flat=True))


def take(step: str, broadcast, **values) -> Broadcast:
    return STEPS[step](broadcast_id=broadcast.pk, actor_id=None, at=timezone.now(), **values)


@pytest.mark.parametrize(("step", "state", "leads_to"), EVERY_STEP)
def test_every_step_from_every_state(step, state, leads_to):
    make_customer()
    broadcast = make_broadcast(state=state, send_at=timezone.now() + timedelta(hours=1))
    before = rows()

    if leads_to is None:
        with pytest.raises(BroadcastStateError) as refused:
            take(step, broadcast)
        assert refused.value.params == {"state": state}
    else:
        assert take(step, broadcast).state == leads_to

    assert (rows() == before) == (leads_to in {None, state})


@pytest.mark.parametrize("state", STATES)
def test_terms_may_be_changed_until_it_is_sent(state):
    broadcast = make_broadcast(state=state)
    before = rows()
    change: dict[str, Any] = {
        "broadcast_id": broadcast.pk,
        "changes": {"title_en": "Later"},
        "actor_id": None,
        "at": timezone.now(),
    }

    if state in {"draft", "scheduled"}:
        assert planning.change_broadcast(**change).title_en == "Later"
        assert AuditEntry.objects.latest("pk").after == {"title_en": "Later"}
    else:
        with pytest.raises(BroadcastStateError):
            planning.change_broadcast(**change)
        assert rows() == before


@pytest.mark.parametrize("state", STATES)
def test_only_drafts_are_removed(state):
    broadcast = make_broadcast(state=state)

    if state == "draft":
        planning.delete_broadcast(broadcast_id=broadcast.pk, actor_id=None)
    else:
        with pytest.raises(BroadcastStateError):
            planning.delete_broadcast(broadcast_id=broadcast.pk, actor_id=None)

    assert Broadcast.objects.exists() == (state != "draft")


@pytest.mark.parametrize("step", sorted(STEPS))
def test_stale_version_is_refused_and_changes_nothing(step):
    broadcast = make_broadcast(state="scheduled")
    before = rows()

    with pytest.raises(StaleError):
        take(step, broadcast, expected_version=broadcast.version + 1)

    assert rows() == before


@pytest.mark.parametrize("minutes", [None, -1])
def test_scheduling_needs_a_moment_ahead(minutes):
    send_at = None if minutes is None else timezone.now() + timedelta(minutes=minutes)
    broadcast = make_broadcast(send_at=send_at)
    before = rows()

    with pytest.raises(InvalidInputError) as refused:
        take("schedule", broadcast)

    assert [error.field for error in refused.value.field_errors] == ["send_at"]
    assert rows() == before


def test_scheduled_one_keeps_a_moment_ahead():
    broadcast = make_broadcast(state="scheduled")
    before = rows()

    with pytest.raises(InvalidInputError):
        planning.change_broadcast(
            broadcast_id=broadcast.pk, changes={"send_at": None}, actor_id=None, at=timezone.now()
        )

    assert rows() == before


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"title_es": "  "}, "title_es"),
        ({"latitude": 19.4, "longitude": -99.1}, "radius_km"),
        ({"radius_km": 5.0}, "radius_km"),
        ({"latitude": 91.0, "longitude": 0.0, "radius_km": 1.0}, "latitude"),
        ({"latitude": 1.0, "longitude": 0.0, "radius_km": 0.0}, "radius_km"),
        ({"tiers": frozenset({"platinum"})}, "tiers"),
        ({"channels": frozenset({"inbox"})}, "channels"),
        ({"active_within_days": 0}, "active_within_days"),
        ({"segment_ids": frozenset({UUID(int=7)})}, "segments"),
    ],
)
def test_wrong_terms_are_refused_and_nothing_is_made(terms, field):
    with pytest.raises(InvalidInputError) as refused:
        planning.create_broadcast(terms=broadcast_terms(**terms), actor_id=None)

    assert [error.field for error in refused.value.field_errors] == [field]
    assert not Broadcast.objects.exists()
    assert not AuditEntry.objects.exists()


def test_everybody_is_told_in_their_language_and_it_is_sent():
    near, english = make_customer(), make_customer(profile={"language": "en"})

    broadcast = make_broadcast(state="sending", channels=frozenset({"push"}))
    drain()

    broadcast.refresh_from_db()
    assert broadcast.state == "sent"
    assert told() == {near.pk, english.pk}
    message = broadcast.message
    assert message is not None
    assert (render(message, "es").title, render(message, "en-us").title) == ("Abrimos al 100 %", "We open at 100 %")
    assert render(message, "fr").body == "Come and see us."
    progress = broadcast_progress(broadcast.pk)
    assert (progress.told, progress.expected, progress.percent) == (2, 2, 100)
    assert broadcast.ended_at == FanOut.objects.get().finished_at
    [fact] = OutboxEvent.objects.filter(wire_name=InboxFilled.wire_name)
    assert fact.payload["channels"] == ["push"]


def test_audience_is_circle_segments_tiers_and_recent_orders_without_those_who_do_not_want_it():
    gold = SegmentFactory.create()
    place: dict[str, Any] = {"latitude": 19.4326, "longitude": -99.1332}
    since = timezone.now() - timedelta(days=10)
    wanted, no_tier, never, opted_out = (make_customer(**place, segments=[gold]) for _ in range(4))
    far, outside = make_customer(latitude=20.0, longitude=-99.0, segments=[gold]), make_customer(**place)
    profiles = CustomerProfile.objects.exclude(user=never)
    profiles.update(last_order_at=since)
    CustomerProfile.objects.exclude(user=no_tier).update(tier="silver")
    Preference.objects.create(customer=opted_out.pk, kind="broadcast", channel="inbox", is_on=False)
    terms: dict[str, Any] = {
        **place,
        "radius_km": 2.0,
        "segment_ids": frozenset({gold.pk}),
        "tiers": frozenset({"silver"}),
        "active_within_days": 30,
    }

    broadcast = make_broadcast(**terms)
    size = size_of_broadcast(broadcast.pk, timezone.now())
    take("send", broadcast)
    drain()

    assert (size.count, size.is_more) == (1, False)
    assert told() == {wanted.pk}
    assert {far.pk, outside.pk}.isdisjoint(told())


def test_sent_twice_is_one_message_and_one_fact():
    make_customer()
    broadcast = make_broadcast()

    take("send", broadcast)
    take("send", broadcast)
    drain()
    lifecycle.tell_audience_of_broadcast(broadcast_id=broadcast.pk, at=timezone.now())

    assert (Message.objects.count(), InboxItem.objects.count()) == (1, 1)
    assert OutboxEvent.objects.filter(wire_name=BroadcastStarted.wire_name).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_many_sends_and_the_clock_at_once_are_one(together):
    make_customer()
    broadcast = make_broadcast(state="scheduled")
    due = timezone.now() + timedelta(hours=2)

    def act(number: int) -> object:
        if number % 2:
            return lifecycle.start_due_broadcasts(at=due)
        return lifecycle.send_broadcast(broadcast_id=broadcast.pk, actor_id=None, at=due)

    together(act, 8)
    drain()

    assert (Message.objects.count(), FanOut.objects.count(), InboxItem.objects.count()) == (1, 1, 1)
    assert OutboxEvent.objects.filter(wire_name=BroadcastStarted.wire_name).count() == 1
    assert AuditEntry.objects.filter(action="notifications.send_broadcast").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_stop_and_send_at_once_leave_nobody_told_or_everything_in_order(together):
    make_customer()
    broadcast = make_broadcast(state="scheduled")

    def act(number: int) -> object:
        step = STEPS["stop" if number % 2 else "send"]
        try:
            return step(broadcast_id=broadcast.pk, actor_id=None, at=timezone.now())
        except BroadcastStateError:
            return None

    together(act, 6)
    drain()

    broadcast.refresh_from_db()
    assert broadcast.state == "stopped"
    assert told() == set()


def test_stopped_half_way_tells_nobody_more_and_who_was_told_keeps_it(monkeypatch):
    customers = sorted(make_customer().pk for _ in range(6))
    broadcast = make_broadcast(state="sending")
    next_chunk = statement._Walk.next_chunk

    def one_then_stop(walk):
        done = next_chunk(walk)
        if Broadcast.objects.get().state == "sending":
            take("stop", broadcast)
        return done

    monkeypatch.setattr(statement._Walk, "next_chunk", one_then_stop)
    monkeypatch.setattr(fan_outs, "tell_audience", tell_in_twos)
    drain()

    broadcast.refresh_from_db()
    assert broadcast.state == "stopped"
    assert sorted(told()) == customers[:2]
    assert resume_fan_outs(at=timezone.now() + timedelta(minutes=5)) == 0
    tasks.sweep_broadcasts()
    assert sorted(told()) == customers[:2]
    assert broadcast_progress(broadcast.pk).percent == 33


def tell_in_twos(run):
    return statement.tell_audience(run, chunk=2)


def test_what_everybody_has_been_told_cannot_be_stopped():
    """The fan-out has ended, and nobody has said so yet."""
    make_customer()
    broadcast = make_broadcast(state="sending")
    FanOut.objects.update(finished_at=timezone.now())
    before = rows()

    with pytest.raises(BroadcastStateError):
        take("stop", broadcast)

    assert rows() == before


def test_clock_begins_what_is_due_once_and_finishes_what_a_resumed_worker_told():
    make_customer()
    due, later = make_broadcast(state="scheduled"), make_broadcast(state="scheduled")
    Broadcast.objects.filter(pk=due.pk).update(send_at=timezone.now() - timedelta(seconds=1))

    tasks.run_due_moments()
    tasks.sweep_broadcasts()

    assert set(Broadcast.objects.values_list("pk", "state")) == {(due.pk, "sending"), (later.pk, "scheduled")}
    # The worker that was to tell them died; the notification queue's tick goes on.
    resume_fan_outs(at=timezone.now() + timedelta(minutes=1))
    tasks.run_due_moments()
    due.refresh_from_db()
    assert due.state == "sent"
    assert InboxItem.objects.count() == 1


def test_looking_whether_anything_is_due_costs_one_query_each(django_assert_num_queries):
    make_broadcast()

    with django_assert_num_queries(2):
        tasks.run_due_moments()


def test_test_goes_to_whoever_asks_over_its_channels_and_changes_nothing_else():
    admin, customer = AdministratorFactory.create(), make_customer()
    broadcast = make_broadcast(channels=frozenset({"email"}))

    lifecycle.send_test(broadcast_id=broadcast.pk, actor_id=admin.pk, at=timezone.now())
    lifecycle.send_test(broadcast_id=broadcast.pk, actor_id=admin.pk, at=timezone.now())

    assert list(InboxItem.objects.values_list("customer", flat=True)) == [admin.pk, admin.pk]
    assert customer.pk not in told()
    facts = OutboxEvent.objects.filter(wire_name=InboxFilled.wire_name)
    assert [fact.payload["channels"] for fact in facts] == [["email"], ["email"]]
    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.version, broadcast.message_id) == ("draft", 1, None)


def test_segment_of_a_broadcast_cannot_be_deleted_it_would_be_for_everybody():
    segment = SegmentFactory.create()
    broadcast = make_broadcast(segment_ids=frozenset({segment.pk}))

    with pytest.raises(SegmentInUseError):
        delete_segment(actor=AdministratorFactory.create(), segment_id=segment.pk)

    assert [row.pk for row in broadcast.segments.all()] == [segment.pk]


@pytest.mark.parametrize("step", sorted(STEPS))
def test_unknown_broadcast(step):
    with pytest.raises(BroadcastNotFoundError):
        take(step, Broadcast())
