"""Kafka: one topic, keyed by the partition key, acknowledged by every replica in step.

`confluent-kafka` is not among the requirements; whoever uses `kafka://` installs it (docs/event-bus.md).
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

from django.conf import settings

from .envelope import CONTENT_TYPE, Envelope
from .errors import BusOutError, RefusedError

SECONDS: Final = 5.0
"""How long the acknowledgement of a message is waited for; the client gives the message up a little earlier."""

# Codes of librdkafka and of the protocol that are about the message; every other is about the cluster or the way to it.
_REFUSALS: Final = frozenset({"MSG_SIZE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_RECORD", "INVALID_MSG"})

Delivered = Callable[[Any, Any], None]


class Producer(Protocol):
    """What is used of `confluent_kafka.Producer`."""

    def produce(
        self, topic: str, *, value: bytes, key: bytes, headers: list[tuple[str, bytes]], on_delivery: Delivered
    ) -> None:
        """Queue one message; `on_delivery(error or None, message)` is called from `flush`."""

    def flush(self, timeout: float) -> int:
        """Wait for what is queued; how many messages have no outcome yet."""


def confluent_producer(configuration: dict[str, Any]) -> Producer:
    """A producer of the optional library; raises `ModuleNotFoundError`."""
    return cast(Producer, import_module("confluent_kafka").Producer(configuration))


class KafkaTransport:
    """`kafka://host:9092[,host:9092…]`. The topic is `EVENT_BUS_TOPIC`."""

    def __init__(self, url: str, make: Callable[[dict[str, Any]], Producer] = confluent_producer) -> None:
        self._servers = urlsplit(url).netloc
        self._make = make
        self._producer: Producer | None = None

    def send(self, envelope: Envelope) -> None:
        if self._producer is None:
            self._producer = self._make(self._configuration())
        outcomes: list[Any] = []
        try:
            self._producer.produce(
                settings.EVENT_BUS_TOPIC,
                value=envelope.body,
                key=envelope.partition_key.encode(),
                headers=[("content-type", CONTENT_TYPE.encode())],
                on_delivery=lambda error, _message: outcomes.append(error),
            )
            self._producer.flush(SECONDS)
        except Exception as error:  # the library's own class cannot be named where it is not installed
            carried = error.args[0] if error.args else None
            raise self._failure(carried if hasattr(carried, "name") else error) from error
        if not outcomes:
            # It may still arrive: whatever comes next must not overtake it, so this producer is let go.
            self.close()
            raise BusOutError("no acknowledgement in time")
        if outcomes[0] is not None:
            raise self._failure(outcomes[0])

    def close(self) -> None:
        self._producer = None

    def _failure(self, error: Any) -> Exception:
        name = error.name() if callable(getattr(error, "name", None)) else type(error).__name__
        if name.lstrip("_") in _REFUSALS:
            return RefusedError(f"Kafka: {name}")
        self.close()
        return BusOutError(f"Kafka: {name}")

    def _configuration(self) -> dict[str, Any]:
        return {
            "bootstrap.servers": self._servers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "delivery.timeout.ms": int(SECONDS * 1000) - 500,
            "client.id": "marketplace-event-bus",
        }
