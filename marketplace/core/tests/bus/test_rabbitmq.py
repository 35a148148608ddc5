"""The event bus over a real RabbitMQ: confirmed, mandatory, in order; away and back, killed, nothing is lost."""

import json
import logging

import pytest
from kombu import Connection

from marketplace.core.bus.amqp import AmqpTransport
from marketplace.core.bus.envelope import Envelope
from marketplace.core.bus.errors import BusOutError, RefusedError
from marketplace.core.bus.models import BusMessage
from marketplace.core.bus.pump import JOB, Pump, drain_bus
from marketplace.core.clock import db_now
from marketplace.core.jobs import JobLease
from marketplace.core.models import OutboxEvent
from marketplace.core.tests.bus import rabbit
from marketplace.core.tests.bus.conftest import move
from marketplace.tests.killing import killed_calling

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not rabbit.is_there(), reason="NO RABBITMQ: the event bus is NOT tested against a broker"),
]
PENDING, SENT, PARKED = BusMessage.State.PENDING, BusMessage.State.SENT, BusMessage.State.PARKED
PUMP = "marketplace.core.bus.pump"


@pytest.fixture
def broker(settings, caplog):
    caplog.set_level(logging.CRITICAL)
    with Connection(rabbit.URL) as connection:
        made = rabbit.Broker(connection)
        settings.EVENT_BUS_TOPIC = made.topic
        settings.EVENT_BUS_URL = rabbit.URL
        yield made
        made.clean()


@pytest.fixture
def transport(broker):
    made = AmqpTransport(rabbit.URL)
    made.declare()
    yield made
    made.close()


def bodies(queue):
    return [json.loads(message.body) for message in rabbit.taken_from(queue)]


def numbers(queue):
    return [body["data"]["number"] for body in bodies(queue)]


def test_an_event_arrives_as_a_cloudevent_persistent_and_under_its_name(broker, transport):
    queue = broker.bind("probe.*")
    move("a 1")

    assert drain_bus() == 1

    [message] = rabbit.taken_from(queue)
    event = OutboxEvent.objects.get()
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_info["routing_key"] == "probe.moved"
    assert message.properties["delivery_mode"] == 2
    assert message.properties["message_id"] == str(event.event_id) == json.loads(message.body)["id"]
    assert json.loads(message.body)["data"] == event.payload


def test_a_queue_gets_the_names_it_is_bound_to_in_order(broker, transport):
    mine, others = broker.bind("probe.moved"), broker.bind("purchases.#")
    move(*(f"a {number}" for number in range(150)))

    assert drain_bus() == 150

    assert numbers(mine) == list(range(150))
    assert rabbit.taken_from(others) == []


def test_a_name_that_nobody_is_bound_to_comes_back_and_waits(broker, transport):
    move("a 1")

    drain_bus()

    refused = BusMessage.objects.get()
    assert (refused.state, refused.attempts) == (PENDING, 1)
    assert "no queue is bound for it" in refused.last_error
    queue = broker.bind("#")
    BusMessage.objects.update(due_at=db_now())
    drain_bus()
    assert numbers(queue) == [1]


def test_a_full_queue_holds_the_bus_up_and_costs_nothing(broker, transport):
    queue = broker.bind("#", **{"x-max-length": 2, "x-overflow": "reject-publish"})
    move(*(f"a {number}" for number in range(10)))

    got = []
    for _ in range(20):
        try:
            drain_bus()
        except BusOutError:
            got += numbers(queue)
        else:
            break

    got += numbers(queue)
    assert sorted(set(got)) == list(range(10))
    assert got == sorted(got)
    assert set(BusMessage.objects.values_list("state", "attempts")) == {(SENT, 0)}


def test_an_exchange_that_was_deleted_is_made_again(broker, transport):
    queue = broker.bind("#")
    message = Envelope("id-1", "probe.moved", "a", b"{}")
    transport.send(message)
    broker.exchange(broker.channel).delete()

    with pytest.raises(RefusedError, match="NOT_FOUND"):
        transport.send(message)
    transport.declare()
    queue.queue_bind()
    transport.send(message)

    assert len(rabbit.taken_from(queue)) == 2


def test_a_broker_that_was_never_there_is_out_and_counts_nothing(settings):
    settings.EVENT_BUS_URL = "amqp://guest:guest@127.0.0.1:9//"  # nobody listens on the discard port
    move("a 1")

    with pytest.raises(BusOutError, match="ConnectionRefusedError"):
        drain_bus()

    assert set(BusMessage.objects.values_list("state", "attempts")) == {(PENDING, 0)}


def test_gone_and_back_in_the_middle_nothing_is_lost_and_order_holds(broker, transport):
    queue = broker.bind("#")
    with rabbit.wire() as wire:
        pump = Pump(AmqpTransport(wire.url))
        move("a 1", "b 2")
        assert pump.pass_once() == 2
        wire.cut()
        move("a 3", "b 4", "a 5")
        for _ in range(3):
            with pytest.raises(BusOutError):
                pump.pass_once()
        wire.mend()

        assert pump.pass_once() == 3

        pump._transport.close()
    assert numbers(queue) == [1, 2, 3, 4, 5]
    assert set(BusMessage.objects.values_list("state", "attempts")) == {(SENT, 0)}


def test_cut_after_the_broker_took_it_and_before_we_knew_it_comes_again_under_its_id(broker, transport, monkeypatch):
    queue = broker.bind("#")
    with rabbit.wire() as wire:
        sender = AmqpTransport(wire.url)
        pump = Pump(sender)
        move("a 1")

        def taken_but_cut(envelope):
            AmqpTransport.send(sender, envelope)
            wire.cut()
            raise BusOutError("no confirmation")

        with monkeypatch.context() as patch:
            patch.setattr(sender, "send", taken_but_cut)
            with pytest.raises(BusOutError):
                pump.pass_once()
        wire.mend()
        # The old connection is dead: the first pass finds out, the second gets through.
        with pytest.raises(BusOutError):
            pump.pass_once()
        pump.pass_once()
        sender.close()

    first, second = bodies(queue)
    assert first == second
    assert first["id"] == str(OutboxEvent.objects.get().event_id)


@pytest.mark.postgres
@pytest.mark.parametrize("step", [f"{PUMP}:mark", "marketplace.core.bus.amqp:AmqpTransport.send"])
def test_killed_around_the_mark_nothing_is_lost_and_a_repeat_has_the_same_id(broker, transport, step):
    """`kill -9`: after the first send; after the batch was sent and marked."""
    queue = broker.bind("#")
    move("a 1", "b 2", "a 3")

    killed_calling(f"{PUMP}:drain_bus", after=step)
    JobLease.objects.filter(job=JOB).update(until=db_now())
    drain_bus()

    came = bodies(queue)
    assert {body["id"] for body in came} == {str(key) for key in OutboxEvent.objects.values_list("event_id", flat=True)}
    expected = [1, 2, 3] if step.endswith("mark") else [1, 1, 2, 3]
    assert [body["data"]["number"] for body in came] == expected
    assert set(BusMessage.objects.values_list("state", flat=True)) == {SENT}
