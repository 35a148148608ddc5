"""From the outbox to the bus: nothing lost, in order per key, refusals counted, outages not."""

import logging
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.core.bus.errors import BusOutError, RefusedError
from marketplace.core.bus.models import BusMessage
from marketplace.core.bus.pump import JOB, LEASE, Pump, bus_lag, next_messages
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.jobs import JobLease
from marketplace.core.models import OutboxEvent
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain
from marketplace.core.tests.bus.conftest import Remembering, move, number_in
from marketplace.core.tests.events import Probed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bus_on")]
PENDING, SENT, PARKED = BusMessage.State.PENDING, BusMessage.State.SENT, BusMessage.State.PARKED


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.CRITICAL)


def make_due():
    BusMessage.objects.filter(state=PENDING).update(due_at=db_now() - timedelta(seconds=1))


def refusing(*numbers):
    def refuse(envelope):
        if number_in(envelope) in numbers:
            raise RefusedError("HTTP 400")

    return refuse


def out_from(number):
    def refuse(envelope):
        if number_in(envelope) >= number:
            raise BusOutError("gone")

    return refuse


def test_with_the_bus_off_publishing_writes_what_it_always_wrote(settings, django_assert_num_queries):
    settings.EVENT_BUS_URL = ""

    with django_assert_num_queries(3):  # savepoint, insert, release
        move("a 1", "a 2")

    assert not BusMessage.objects.exists()


def test_with_it_on_publishing_costs_one_insert_more_for_any_number(django_assert_num_queries):
    with django_assert_num_queries(4):
        move(*(f"a {number}" for number in range(50)))

    assert BusMessage.objects.count() == 50


def test_a_rolled_back_change_leaves_nothing_for_the_bus(pump, other_side):
    def change_and_fail():
        with transaction.atomic():
            move("a 1")
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()

    assert pump.pass_once() == 0
    assert other_side.taken == []


def test_what_is_published_leaves_in_order_and_is_marked_once(pump, other_side):
    move("a 1", "b 2", "a 3")

    assert [pump.pass_once(), pump.pass_once()] == [3, 0]

    assert other_side.story == ["a 1", "b 2", "a 3"]
    assert set(BusMessage.objects.values_list("state", "attempts")) == {(SENT, 0)}
    assert not BusMessage.objects.filter(sent_at=None).exists()


def test_the_bus_and_the_handlers_do_not_wait_for_each_other(pump, other_side):
    move("a 1")
    pump.pass_once()
    assert OutboxEvent.objects.filter(relayed_at=None).count() == 1

    drain()
    move("a 2")
    drain()
    assert BusMessage.objects.get(state=PENDING).event.relayed_at is not None
    pump.pass_once()

    assert other_side.story == ["a 1", "a 2"]


def test_only_names_that_were_asked_for_leave(settings, pump, other_side):
    settings.EVENT_BUS_EVENTS = ["probe.mov*", "other.*"]
    move("a 1")
    with transaction.atomic():
        publish(Probed(number=2))

    pump.pass_once()

    assert other_side.story == ["a 1"]
    assert BusMessage.objects.count() == 1


def test_an_event_about_nothing_in_particular_keeps_order_with_its_like():
    with transaction.atomic():
        publish(Probed(number=2))

    assert BusMessage.objects.get().partition_key == "probe.probed"


def test_out_in_the_middle_what_was_taken_is_marked_and_the_rest_waits_uncounted(pump, other_side):
    move("a 1", "b 2", "a 3")
    other_side.refuse = out_from(2)

    with pytest.raises(BusOutError):
        pump.pass_once()

    assert list(BusMessage.objects.order_by("event").values_list("state", "attempts")) == [
        (SENT, 0),
        (PENDING, 0),
        (PENDING, 0),
    ]
    other_side.refuse = out_from(99)
    pump.pass_once()
    assert other_side.story == ["a 1", "b 2", "a 3"]


def test_an_outage_of_any_length_parks_nothing(pump, other_side):
    move("a 1")
    other_side.refuse = out_from(0)

    for _ in range(20):
        with pytest.raises(BusOutError):
            pump.pass_once()

    other_side.refuse = out_from(99)
    assert pump.pass_once() == 1
    assert other_side.story == ["a 1"]


def test_a_refusal_holds_its_own_key_and_nothing_else(pump, other_side):
    move("a 1", "b 2", "a 3", "c 4")
    other_side.refuse = refusing(1)

    pump.pass_once()
    move("a 5", "b 6")
    pump.pass_once()

    assert other_side.story == ["b 2", "c 4", "b 6"]
    refused = BusMessage.objects.exclude(attempts=0).get()
    assert (refused.state, refused.attempts, refused.last_error) == (PENDING, 1, "HTTP 400")
    other_side.refuse = refusing()
    make_due()
    pump.pass_once()
    assert other_side.story[3:] == ["a 1", "a 3", "a 5"]


def test_after_five_refusals_it_is_parked_and_its_key_goes_on(pump, other_side):
    move("a 1", "a 2")
    other_side.refuse = refusing(1)
    pauses = []

    for _ in range(5):
        pump.pass_once()
        first = BusMessage.objects.order_by("event")[0]
        pauses.append((first.due_at - read_db_now()).total_seconds())
        make_due()
    pump.pass_once()

    assert (first.state, first.attempts, first.last_error) == (PARKED, 5, "HTTP 400")
    assert other_side.story == ["a 2"]
    assert all(0.7 * 5**n < pause <= 5**n for n, pause in enumerate(pauses, start=1))


def test_a_message_behind_a_refused_one_is_not_even_looked_at(pump, other_side):
    move("a 1", "a 2", "b 3")
    other_side.refuse = refusing(1)

    pump.pass_once()

    assert [message.partition_key for message in next_messages(10)] == []
    assert BusMessage.objects.get(state=SENT).partition_key == "b"


def test_whoever_dies_between_send_and_mark_sends_the_same_message_again(pump, other_side, monkeypatch):
    move("a 1", "b 2")
    with monkeypatch.context() as patch:
        patch.setattr("marketplace.core.bus.pump.mark", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            pump.pass_once()
    JobLease.objects.filter(job=JOB).update(until=db_now())

    successor = Remembering()
    assert Pump(successor).pass_once() == 2

    assert successor.taken == other_side.taken


def test_only_one_pump_works_and_another_takes_over_when_its_lease_is_over(pump, other_side):
    second = Remembering()
    move("a 1")
    pump.pass_once()
    move("a 2")
    assert Pump(second).pass_once() == 0

    JobLease.objects.filter(job=JOB).update(until=db_now())
    assert Pump(second).pass_once() == 1

    move("a 3")
    assert pump.pass_once() == 0
    assert (other_side.story, second.story) == (["a 1"], ["a 2"])


def test_a_batch_stops_long_before_its_lease_is_over(pump, other_side, monkeypatch):
    clock = iter([0.0, 1.0, LEASE.total_seconds() / 3, 0.0, 1.0])
    monkeypatch.setattr("marketplace.core.bus.pump.monotonic", lambda: next(clock))
    move("a 1", "a 2")

    pump.pass_once()
    assert other_side.story == ["a 1"]

    pump.pass_once()
    assert other_side.story == ["a 1", "a 2"]


def test_looking_for_nothing_is_one_query_and_no_lock(pump, django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        assert pump.pass_once() == 0

    assert "FOR UPDATE" not in queries[0]["sql"]


def test_a_batch_costs_the_same_for_one_message_as_for_many(pump):
    costs = []
    for count in (1, 60):
        move(*(f"a {number}" for number in range(count)))
        with CaptureQueriesContext(connection) as queries:
            assert pump.pass_once() == count
        costs.append(len(queries))

    assert costs[1] <= costs[0]


@pytest.mark.django_db(transaction=True)
def test_the_loop_sends_survives_an_outage_and_gives_its_lease_back(other_side):
    stop, outages = threading.Event(), []

    def twice_out(_envelope):
        if len(outages) < 2:
            outages.append(1)
            raise BusOutError("gone")
        stop.set()

    other_side.refuse = twice_out
    move("a 1", "a 2")

    Pump(other_side).run(stop)

    assert other_side.story == ["a 1", "a 2"]
    assert not JobLease.objects.filter(job=JOB, until__gt=db_now()).exists()


def test_lag_is_the_age_of_the_oldest_event_that_waits(pump):
    assert bus_lag() == timedelta(0)
    move("a 1")
    OutboxEvent.objects.update(created_at=db_now() - timedelta(seconds=40))

    assert timedelta(seconds=40) <= bus_lag() < timedelta(seconds=60)

    pump.pass_once()
    assert bus_lag() == timedelta(0)
