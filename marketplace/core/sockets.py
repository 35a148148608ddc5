"""Messages to WebSocket groups, from any thread, in both layouts.

With Redis as the channel layer any process may send. The in-memory layer of the embedded default belongs to the event
loop that serves the sockets: a message put there from another thread lies until that loop happens to wake. So the loop
is remembered when a socket connects, and messages are handed to it.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import Future
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_lock = threading.Lock()
_socket_loop: asyncio.AbstractEventLoop | None = None


def remember_loop(application: Application) -> Application:
    """Wrap a WebSocket application so that `send_to_group` knows the loop its sockets live on."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        global _socket_loop  # noqa: PLW0603 - one process serves sockets on one loop
        with _lock:
            _socket_loop = asyncio.get_running_loop()
        await application(scope, receive, send)

    return wrapped


def send_to_group(group: str, message: Mapping[str, Any]) -> None:
    """Send to every socket of a group; returns at once on the embedded layout, after Redis has it on the served one.

    Best effort by contract: rows in the database are the truth and clients catch up from them, so a channel layer that
    is away is logged and never fails the caller.
    """
    try:
        _send(group, dict(message))
    except Exception:
        logger.warning("sockets: message to group %s was not sent", group, exc_info=True)


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    loop = _loop_to_send_on(layer)
    if loop is None:
        async_to_sync(layer.group_send)(group, message)
        return
    asyncio.run_coroutine_threadsafe(layer.group_send(group, message), loop).add_done_callback(_log_failure)


def _loop_to_send_on(layer: Any) -> asyncio.AbstractEventLoop | None:
    """The loop to hand the message to, or None where this thread may send by itself and wait for it.

    A thread that runs a loop of its own must not block on it. Redis does not mind which loop speaks; the in-memory
    layer does, unless no socket has ever connected: then nobody is there to be woken.
    """
    own_loop = _running_loop()
    if not isinstance(layer, InMemoryChannelLayer):
        return own_loop
    if _socket_loop is not None and not _socket_loop.is_closed():
        return _socket_loop
    return own_loop


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _log_failure(sent: Future[None]) -> None:
    if not sent.cancelled() and sent.exception() is not None:
        logger.warning("sockets: a message was not sent", exc_info=sent.exception())
