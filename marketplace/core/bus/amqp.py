"""RabbitMQ: a durable topic exchange, the wire name as routing key, persistent, confirmed and mandatory."""

from typing import Any, Final

from amqp.exceptions import AccessRefused, AMQPError, ChannelError, MessageNacked
from django.conf import settings
from kombu import Connection, Exchange, Producer

from .envelope import CONTENT_TYPE, Envelope
from .errors import BusOutError, RefusedError

SECONDS: Final = 5
"""How long a connection, and then each confirmation, is waited for."""


class AmqpTransport:
    """`amqp://user:password@host:port/vhost` (`amqps://` with TLS). The exchange is `EVENT_BUS_TOPIC`.

    A message that no queue is bound to comes back from the broker and is refused; one that the broker does not confirm
    (a full queue that rejects, an alarm) finds the bus out: consumers that are slow must not cost messages.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._producer: Producer | None = None
        self._returned: list[str] = []

    def send(self, envelope: Envelope) -> None:
        producer = self._producer or self._connect()
        self._returned.clear()
        try:
            producer.publish(
                envelope.body,
                routing_key=envelope.type,
                content_type=CONTENT_TYPE,
                content_encoding="utf-8",
                delivery_mode=2,
                mandatory=True,
                message_id=envelope.id,
                type=envelope.type,
                retry=False,
                timeout=SECONDS,
                confirm_timeout=SECONDS,
            )
        except MessageNacked as error:
            raise BusOutError("the broker did not take a message: a queue is full, or it is in trouble") from error
        except ChannelError as error:
            self.close()  # the broker has closed the channel
            reason = f"{type(error).__name__}: {error}"
            # A right that is missing is missing for every message.
            raise (BusOutError if isinstance(error, AccessRefused) else RefusedError)(reason) from error
        except (AMQPError, OSError) as error:
            self.close()
            raise BusOutError(f"{type(error).__name__}: {error}") from error
        if self._returned:
            raise RefusedError(f"no queue is bound for it: {self._returned[0]}")

    def declare(self) -> None:
        """Connect, and make the exchange where there is none. Raises `BusOutError`."""
        self._connect()

    def close(self) -> None:
        connection, self._connection, self._producer = self._connection, None, None
        if connection is not None:
            connection.release()  # swallows what a dead connection says

    def _connect(self) -> Producer:
        self.close()
        connection = self._connection = Connection(
            self._url,
            connect_timeout=SECONDS,
            transport_options={"confirm_publish": True, "read_timeout": SECONDS, "write_timeout": SECONDS},
        )
        try:
            channel = connection.channel()
            exchange = Exchange(settings.EVENT_BUS_TOPIC, type="topic", durable=True)(channel)
            exchange.declare()
            self._producer = Producer(channel, exchange, auto_declare=False, on_return=self._note_return)
        except (AMQPError, OSError) as error:
            self.close()
            raise BusOutError(f"{type(error).__name__}: {error}") from error
        return self._producer

    def _note_return(self, error: Any, *_message: Any) -> None:
        # The return comes before the confirmation of the same message.
        self._returned.append(str(error))
