"""Money and the ends of holds go first through the outbox, and keep nobody waiting for ever."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection, transaction

from marketplace.core.clock import db_now
from marketplace.core.events import Event
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.lanes import in_lanes
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import Relay, relay_new_events, send_due
from marketplace.core.tests.events import Probed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_handlers")]
BACKLOG = """
    INSERT INTO core_outboxevent (event_id, wire_name, payload, request_id, created_at)
    SELECT gen_random_uuid(), 'probe.probed', '{"number": 1}', '', now() FROM generate_series(1, 20000)
"""
DELIVERIES = """
    INSERT INTO core_eventdelivery (event_id, handler, state, attempts, sends, due_at, last_error)
    SELECT id, 'marketplace.hear_probed', 'pending', 0, 0, now(), '' FROM core_outboxevent
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid(Event):
    """Something that the payment queue has to hear."""

    wire_name: ClassVar[str] = "probe.paid"

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed(Paid):
    """Something that the queue of holds has to hear."""

    wire_name: ClassVar[str] = "probe.lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Paid):
    """Something that can wait."""

    wire_name: ClassVar[str] = "probe.noted"


@pytest.fixture(autouse=True)
def _listeners(own_handlers):
    @handles(Probed, queue="notify")
    def hear_probed(event):
        """Nothing."""

    @handles(Paid, queue="payments")
    def hear_paid(event):
        """Nothing."""

    @handles(Lapsed, queue="holds")
    def hear_lapsed(event):
        """Nothing."""

    @handles(Noted)
    def hear_noted(event):
        """Nothing."""

    @handles(Paid, queue="events")
    def note_paid(event):
        """Nothing."""


def published(*events):
    with transaction.atomic():
        publish(*events)


def relayed():
    return list(OutboxEvent.objects.filter(relayed_at__isnull=False).order_by("id").values_list("wire_name", flat=True))


@pytest.mark.parametrize(("event", "place"), [(Paid, 4), (Lapsed, 4), (Noted, None)])
def test_what_money_and_holds_listen_to_is_relayed_before_a_backlog(event, place):
    published(*(Probed(number=n) for n in range(20)))
    published(event(number=1))

    assert relay_new_events(limit=5) == 5

    names = relayed()
    assert (names.index(event.wire_name) if event.wire_name in names else None) == place


def test_its_delivery_is_sent_before_a_backlog_and_its_other_handlers_wait_with_the_rest():
    published(*(Probed(number=n) for n in range(20)))
    published(Paid(number=1))
    relay_new_events()
    EventDelivery.objects.filter(event__wire_name=Probed.wire_name).update(due_at=db_now() - timedelta(minutes=5))
    sent = []

    assert send_due(lambda _pk, queue: sent.append(queue), limit=5) == 5

    assert sent == ["payments", *["notify"] * 4]


def test_what_comes_while_a_backlog_is_sent_waits_for_a_hundred_messages_and_no_more():
    published(*(Probed(number=n) for n in range(300)))
    sent = []

    def send(_pk, queue):
        if not sent:
            published(Paid(number=1))
        sent.append(queue)

    relay = Relay(send)
    relay.pass_once()
    relay.pass_once()

    assert sent.index("payments") == 100


def test_a_flood_of_money_leaves_a_fifth_of_each_batch_to_the_others():
    published(*(Probed(number=n) for n in range(20)))
    published(*(Paid(number=n) for n in range(20)))
    sent = []

    relay_new_events(limit=10)
    assert relayed() == ["probe.probed"] * 2 + ["probe.paid"] * 8

    relay_new_events()
    send_due(lambda _pk, queue: sent.append(queue), limit=10)
    assert sent.count("payments") == 8
    assert len(sent) == 10


def test_without_a_backlog_nothing_is_left_out():
    published(Probed(number=1), Paid(number=1))
    sent = []

    assert relay_new_events() == 2
    assert send_due(lambda _pk, queue: sent.append(queue)) == 3

    assert sorted(sent) == ["events", "notify", "payments"]
    assert sent[0] == "payments"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("rows", "column", "first", "order", "index"),
    [
        (OutboxEvent.objects.filter(relayed_at__isnull=True), "wire_name", ["probe.paid"], "id", "core_outbox_lane"),
        (
            EventDelivery.objects.filter(state="pending", due_at__lte=db_now()),
            "handler",
            ["marketplace.hear_paid", "marketplace.other"],
            "due_at",
            "core_delivery_lane",
        ),
    ],
)
def test_a_backlog_is_not_looked_through_for_the_few(rows, column, first, order, index):
    with connection.cursor() as cursor:
        for statement in (BACKLOG, DELIVERIES, "ANALYZE core_outboxevent, core_eventdelivery"):
            cursor.execute(statement)

    plan = rows.filter(**{f"{column}__in": first}).order_by(column, order)[:400].explain()

    assert index in plan
    assert "Sort" not in plan
    assert in_lanes(rows, column=column, first=first, order=order, limit=3) == list(rows.order_by(order)[:3])
