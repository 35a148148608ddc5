"""A real RabbitMQ, where one runs, and a wire to it that can be cut."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from kombu import Connection, Exchange, Queue

URL = os.environ.get("RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//")


def is_there() -> bool:
    """Whether a broker answers at `RABBITMQ_URL`, or at the usual place."""
    try:
        with Connection(URL, connect_timeout=2) as connection:
            connection.connect()
    except OSError:
        return False
    return True


class Broker:
    """An exchange of this test's own, and a queue that takes some of it."""

    def __init__(self, connection: Connection) -> None:
        self.topic = f"test-{uuid4()}"
        self.exchange = Exchange(self.topic, type="topic", durable=True)
        self.channel: Any = connection.channel()
        self._queues: list[Any] = []

    def bind(self, routing_key: str, **arguments: Any) -> Any:
        """A durable queue."""
        made = Queue(f"test-{uuid4()}", self.exchange, routing_key, queue_arguments=arguments)(self.channel)
        made.declare()
        self._queues.append(made)
        return made

    def clean(self) -> None:
        """Nothing of this test stays behind."""
        for queue in self._queues:
            queue.delete()
        self.exchange(self.channel).delete()


def taken_from(queue: Any) -> list[Any]:
    """Everything that waits in it."""
    found = []
    while (message := queue.get(no_ack=True)) is not None:
        found.append(message)
    return found


class Wire:
    """A port of this machine that leads to the broker, until it is cut."""

    def __init__(self) -> None:
        target = urlsplit(URL)
        self._target = (target.hostname or "127.0.0.1", target.port or 5672)
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = target._replace(netloc=f"{target.username}:{target.password}@127.0.0.1:{self.port}").geturl()

    def mend(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._start(self._accept, self._listener)

    def cut(self) -> None:
        """Break what is connected; refuse what comes."""
        listener, self._listener = self._listener, None
        for end in [*self._ends, *([listener] if listener else [])]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._ends = []
        for thread in self._threads:
            thread.join()
        self._threads = []

    def _start(self, work: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._ends += [near, far]
                self._start(_pass_on, near, far)
                self._start(_pass_on, far, near)


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@contextmanager
def wire() -> Iterator[Wire]:
    """One that works."""
    made = Wire()
    made.mend()
    try:
        yield made
    finally:
        made.cut()
