"""What every kind of bus promises, and which one an address asks for."""

from importlib.util import find_spec
from typing import Final, Protocol
from urllib.parse import urlsplit

from marketplace.core.signatures import SHORTEST_SECRET

from .amqp import AmqpTransport
from .envelope import Envelope
from .kafka import KafkaTransport
from .webhook import WebhookTransport


class Transport(Protocol):
    """A connection to the other side. It connects when it first sends, and again after it was out."""

    def send(self, envelope: Envelope) -> None:
        """Return once the other side has taken the message for good.

        Raises `RefusedError` when this message is the matter, `BusOutError` when no message would get through.
        """

    def close(self) -> None:
        """Let go of the connection; harmless when there is none."""


_KINDS: Final[dict[str, type[AmqpTransport] | type[KafkaTransport] | type[WebhookTransport]]] = {
    "amqp": AmqpTransport,
    "amqps": AmqpTransport,
    "kafka": KafkaTransport,
    "https": WebhookTransport,
    "http": WebhookTransport,  # a receiver on this very machine: see the system check
}


def bus_problem(url: str, secret: str) -> str:
    """What is wrong with the configuration; empty when it is usable, or the bus off."""
    if not url:
        return ""
    parts = urlsplit(url)
    if parts.scheme not in _KINDS or not parts.hostname:
        return f"EVENT_BUS_URL begins with one of {', '.join(sorted(_KINDS))}, and names a host"
    if parts.scheme == "kafka" and find_spec("confluent_kafka") is None:
        return "EVENT_BUS_URL=kafka://… needs confluent-kafka: pip install -r requirements-kafka.txt"
    if parts.scheme == "http" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        return "EVENT_BUS_URL=http://… is for a receiver on this very machine: use https"
    if parts.scheme in {"http", "https"} and len(secret) < SHORTEST_SECRET:
        return f"EVENT_BUS_SECRET signs webhooks: at least {SHORTEST_SECRET} characters"
    return ""


def transport_for(url: str) -> Transport:
    """The transport of the address, not connected yet; raises `KeyError` for a scheme that nobody knows."""
    return _KINDS[urlsplit(url).scheme](url)
