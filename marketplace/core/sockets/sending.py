"""Messages to groups of socket processes, from any thread, in both layouts.

With Redis as the channel layer any process may send. The in-memory layer of the embedded default belongs to the event
loop that serves the sockets: a message put there from another thread lies until that loop happens to wake. So the loop
is remembered when a socket connects, and messages are handed to it.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

from .protocol import Application, Receive, Scope, Send

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 2.0
"""A sender waits so long for Redis to have the message."""
MOST_WAITING = 1_000
"""While Redis does not answer, more messages than this are dropped at once."""

_lock = threading.Lock()
_socket_loop: asyncio.AbstractEventLoop | None = None


class Courier:
    """A thread with a loop of its own that keeps the connection to Redis, for senders that have no loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0
        self.waiting = 0

    def take(self, coroutine: Coroutine[Any, Any, None]) -> "Future[None]":
        """Have it run; the future says how it went."""
        return asyncio.run_coroutine_threadsafe(self._run(coroutine), self._running_loop())

    async def _run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        self.waiting += 1
        try:
            await asyncio.wait_for(coroutine, PATIENCE_SECONDS)
        finally:
            self.waiting -= 1

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with _lock:
            # A forked child has the variables, but not the thread.
            if self._loop is None or self._process != os.getpid():
                self._loop, self._process, self.waiting = asyncio.new_event_loop(), os.getpid(), 0
                threading.Thread(target=self._loop.run_forever, name="sockets-courier", daemon=True).start()
            return self._loop


courier = Courier()


def remember_loop(application: Application) -> Application:
    """Wrap a WebSocket application so that `send_to_group` knows the loop its sockets live on."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        global _socket_loop  # noqa: PLW0603 - one process serves sockets on one loop
        with _lock:
            _socket_loop = asyncio.get_running_loop()
        await application(scope, receive, send)

    return wrapped


def send_to_group(group: str, message: Mapping[str, Any]) -> None:
    """Send to every process that listens to the group; returns at once on the embedded layout, and on the served one
    after Redis has it, or after two seconds at most.

    Best effort by contract: rows in the database are the truth and clients catch up from them, so a channel layer that
    is away is logged and never fails the caller.
    """
    try:
        sent = _send(group, message)
        if sent is not None and _own_loop() is None and not _is_in_memory():
            sent.result(PATIENCE_SECONDS + 1)
    except Exception:
        logger.warning("sockets: message to group %s was not sent", group, exc_info=True)


def post_to_group(group: str, message: Mapping[str, Any]) -> None:
    """The same without waiting, for requests: they must not be slow because Redis is."""
    try:
        sent = _send(group, message)
        if sent is not None:
            sent.add_done_callback(_log_failure)
    except Exception:
        logger.warning("sockets: message to group %s was not sent", group, exc_info=True)


def _send(group: str, message: Mapping[str, Any]) -> "Future[None] | None":
    layer = get_channel_layer()
    if layer is None:
        return None
    if _is_in_memory():
        loop = _socket_loop
        if loop is None or loop.is_closed():
            return None  # no socket has ever connected: nobody would hear it
        sent = asyncio.run_coroutine_threadsafe(layer.group_send(group, dict(message)), loop)
        sent.add_done_callback(_log_failure)
        return sent
    if courier.waiting >= MOST_WAITING:
        raise TimeoutError("the channel layer does not answer")
    return courier.take(layer.group_send(group, dict(message)))


def _is_in_memory() -> bool:
    return isinstance(get_channel_layer(), InMemoryChannelLayer)


def _own_loop() -> asyncio.AbstractEventLoop | None:
    """A thread that runs a loop of its own must not block on an answer."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _log_failure(sent: "Future[None]") -> None:
    if not sent.cancelled() and sent.exception() is not None:
        logger.warning("sockets: a message was not sent", exc_info=sent.exception())
