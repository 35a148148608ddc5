"""The Kafka adapter against a stand-in that keeps to the client's interface: `produce`, `flush`, delivery reports."""

from typing import Any

import pytest

from marketplace.core.bus.envelope import Envelope
from marketplace.core.bus.errors import BusOutError, RefusedError
from marketplace.core.bus.kafka import Delivered, KafkaTransport
from marketplace.core.bus.pump import Pump
from marketplace.core.tests.bus.conftest import move, number_in

URL = "kafka://one.example:9092,two.example:9092"
MESSAGE = Envelope("id-1", "probe.moved", "a", b"{}")


class ErrorOfKafka:
    """As `confluent_kafka.KafkaError`: a code by name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def name(self) -> str:
        """The code."""
        return self._name


class RaisedByKafkaError(Exception):
    """As `confluent_kafka.KafkaException`: carries an error."""


class StandIn:
    """As `confluent_kafka.Producer`: reports come from `flush` alone, and only for what was queued."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration
        self.log: list[tuple[str, bytes, bytes, list[tuple[str, bytes]]]] = []
        self.report: ErrorOfKafka | None = None
        self.refuses: Exception | None = None
        self.is_silent = False
        self._queued: list[tuple[Any, Delivered]] = []

    def produce(
        self, topic: str, *, value: bytes, key: bytes, headers: list[tuple[str, bytes]], on_delivery: Delivered
    ) -> None:
        """Queue it."""
        if self.refuses is not None:
            raise self.refuses
        self._queued.append(((topic, value, key, headers), on_delivery))

    def flush(self, timeout: float) -> int:
        """Report on everything, unless nobody answers."""
        if self.is_silent:
            return len(self._queued)
        queued, self._queued = self._queued, []
        for record, on_delivery in queued:
            if self.report is None:
                self.log.append(record)
            on_delivery(self.report, record)
        return 0


@pytest.fixture
def made():
    """Every producer that was made."""
    return []


@pytest.fixture
def transport(made, settings):
    settings.EVENT_BUS_TOPIC = "shop"

    def make(configuration: dict[str, Any]) -> StandIn:
        producer = StandIn(configuration)
        made.append(producer)
        return producer

    return KafkaTransport(URL, make)


def test_a_record_is_keyed_and_every_replica_has_it(transport, made):
    transport.send(MESSAGE)

    [producer] = made
    assert producer.log == [("shop", b"{}", b"a", [("content-type", b"application/cloudevents+json")])]
    assert producer.configuration["bootstrap.servers"] == "one.example:9092,two.example:9092"
    assert producer.configuration["acks"] == "all"
    assert producer.configuration["enable.idempotence"] is True
    assert producer.configuration["delivery.timeout.ms"] < 5000


@pytest.mark.parametrize("name", ["MSG_SIZE_TOO_LARGE", "INVALID_RECORD", "_INVALID_MSG"])
@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_about_the_message_is_a_refusal(transport, made, name, at_once):
    transport.send(MESSAGE)
    if at_once:
        made[0].refuses = RaisedByKafkaError(ErrorOfKafka(name))
    else:
        made[0].report = ErrorOfKafka(name)

    with pytest.raises(RefusedError, match=name):
        transport.send(MESSAGE)

    assert len(made) == 1


@pytest.mark.parametrize(
    "name", ["_MSG_TIMED_OUT", "_ALL_BROKERS_DOWN", "NOT_ENOUGH_REPLICAS", "UNKNOWN_TOPIC_OR_PART"]
)
def test_what_is_about_the_cluster_finds_the_bus_out_and_a_new_producer_comes(transport, made, name):
    transport.send(MESSAGE)
    made[0].report = ErrorOfKafka(name)

    with pytest.raises(BusOutError, match=name):
        transport.send(MESSAGE)
    transport.send(MESSAGE)

    assert [len(producer.log) for producer in made] == [1, 1]


def test_a_full_queue_of_the_client_is_an_outage(transport, made):
    transport.send(MESSAGE)
    made[0].refuses = BufferError("queue full")

    with pytest.raises(BusOutError, match="BufferError"):
        transport.send(MESSAGE)


def test_silence_is_an_outage(transport, made):
    transport.send(MESSAGE)
    made[0].is_silent = True

    with pytest.raises(BusOutError, match="no acknowledgement"):
        transport.send(MESSAGE)


@pytest.mark.django_db
@pytest.mark.usefixtures("bus_on")
def test_the_pump_sends_to_it_in_order_and_again_after_an_outage(transport, made):
    move("a 1", "b 2")
    pump = Pump(transport)
    pump.pass_once()
    made[0].report = ErrorOfKafka("_TRANSPORT")
    move("a 3")
    with pytest.raises(BusOutError):
        pump.pass_once()

    pump.pass_once()

    log = [record for producer in made for record in producer.log]
    assert [(key, number_in(Envelope("", "", "", value))) for _, value, key, _ in log] == [
        (b"a", 1),
        (b"b", 2),
        (b"a", 3),
    ]
