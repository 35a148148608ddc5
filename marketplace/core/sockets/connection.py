"""One socket from its handshake to its end.

Nothing here waits for a client: what is sent goes into a queue that a task empties, and a client that does not read
is closed once too much waits for it. An idle socket costs one suspended coroutine and one timer.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

from django.conf import settings

from .hub import Hub
from .protocol import CloseCode, CloseSocketError, Receive, Scope, Send

logger = logging.getLogger(__name__)

MAX_FRAME_BYTES = 64 * 1024
MAX_WAITING = 500
"""Messages that wait for a client to read; one more and it is too slow."""
MESSAGES_A_SECOND = 10.0
MESSAGES_AT_ONCE = 20
"""What a client may send, pongs included; more is no client of ours."""
PING_SECONDS = 25.0
CLOSE_SECONDS = 5.0
"""A client that does not take the close frame within this time is left to the web server."""
PING = json.dumps({"type": "ping"})


class Connection:
    """Subclasses say what `opened`, `received` and `closed` do. Raising `CloseSocketError` in the first two closes."""

    needs_pong: ClassVar[bool] = True
    is_public: ClassVar[bool] = False
    """Anybody may open it, as often as they like: it takes no place that is kept for the others."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self._receive = receive
        self._send = send
        self._waiting: deque[str] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[Any] | None = None
        self._close_code: CloseCode | None = None
        self._is_closed = False
        self._is_answered = True
        self.lives_until = float("inf")
        """By the monotonic clock: it is closed at the last ping before, and comes back with a new ticket."""
        self._may_send, self._counted_at = float(MESSAGES_AT_ONCE), time.monotonic()

    @classmethod
    async def serve(cls, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        await cls(scope, receive, send)._live()

    async def opened(self) -> None:
        """The socket is accepted; nothing was sent yet."""

    async def received(self, message: dict[str, Any]) -> None:
        """The client sent a JSON object with a `type` that is not `pong`."""

    def closed(self) -> None:
        """The socket is gone, whoever closed it. Called once, also when `opened` did not come to its end."""

    @property
    def is_closing(self) -> bool:
        """Whether anything sent now would be sent for nothing."""
        return self._is_closed or self._close_code is not None

    def post(self, text: str) -> None:
        """Send this text as soon as the client takes it; returns at once."""
        if self.is_closing:
            return
        if len(self._waiting) >= MAX_WAITING:
            self.close(CloseCode.TOO_SLOW)
            return
        self._waiting.append(text)
        self._write()

    def close(self, code: CloseCode) -> None:
        """Close with that code; what waits to be sent is dropped. Returns at once, harmless twice."""
        if not self.is_closing:
            self._waiting.clear()
            self._close_code = code
            self._set_timer(CLOSE_SECONDS, self._abandon)
            self._write()

    async def drained(self) -> None:
        """Return once the client has taken what was posted so far."""
        while self._writer is not None and not self.is_closing:
            await asyncio.wait({self._writer})

    async def _live(self) -> None:
        if (await self._receive())["type"] != "websocket.connect":
            return
        hub = Hub.here()
        self._task = asyncio.current_task()
        await self._send({"type": "websocket.accept"})
        hub.open_count += 1
        hub.public_count += self.is_public
        try:
            self._require_place(hub)
            self._set_timer(PING_SECONDS, self._ping)
            await self.opened()
            await self._read_on()
        except CloseSocketError as refusal:
            self.close(refusal.code)
        except Exception:
            logger.exception("socket failed")
            self.close(CloseCode.TRY_LATER)
        except asyncio.CancelledError:
            if not self.is_closing:
                raise
        finally:
            hub.open_count -= 1
            hub.public_count -= self.is_public
            await self._end()

    def _require_place(self, hub: Hub) -> None:
        limit = settings.SOCKET_LIMIT
        for_public = limit * (100 - settings.SOCKET_RESERVED_PERCENT) // 100
        if hub.open_count > limit or (self.is_public and hub.public_count > for_public):
            raise CloseSocketError(CloseCode.TRY_LATER)

    async def _read_on(self) -> None:
        while not self._is_closed:
            message = await self._receive()
            if message["type"] != "websocket.receive":
                self._is_closed = True
            elif not self.is_closing:
                await self._take(message.get("text"))

    async def _take(self, text: str | None) -> None:
        if text is None or not self._is_in_pace():
            raise CloseSocketError(CloseCode.BAD_REQUEST)
        if len(text) > MAX_FRAME_BYTES or len(text.encode()) > MAX_FRAME_BYTES:
            raise CloseSocketError(CloseCode.TOO_BIG)
        message = _object_in(text)
        if message["type"] == "pong":
            self._is_answered = True
        else:
            await self.received(message)

    def _is_in_pace(self) -> bool:
        now = time.monotonic()
        refilled = self._may_send + (now - self._counted_at) * MESSAGES_A_SECOND
        self._may_send, self._counted_at = min(float(MESSAGES_AT_ONCE), refilled) - 1, now
        return self._may_send >= 0

    async def _end(self) -> None:
        self.closed()
        if self._writer is not None and not self._is_closed:
            await asyncio.wait({self._writer}, timeout=CLOSE_SECONDS)
        self._is_closed = True
        if self._writer is not None:
            self._writer.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _write(self) -> None:
        if self._writer is None:
            self._writer = Hub.here().start(self._empty())

    async def _empty(self) -> None:
        try:
            while self._waiting:
                await self._send({"type": "websocket.send", "text": self._waiting.popleft()})
            if self._close_code is not None and not self._is_closed:
                await self._send({"type": "websocket.close", "code": int(self._close_code)})
        except Exception as error:
            # The client is gone; reading says so too.
            logger.debug("socket: not written: %s", error)
            self._waiting.clear()
        finally:
            self._writer = None

    def _set_timer(self, seconds: float, then: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _ping(self) -> None:
        if self.needs_pong and not self._is_answered:
            self.close(CloseCode.NO_PONG)
            return
        if time.monotonic() + PING_SECONDS > self.lives_until:
            self.close(CloseCode.UNAUTHORIZED)
            return
        self._is_answered = False
        self.post(PING)
        self._set_timer(PING_SECONDS, self._ping)

    def _abandon(self) -> None:
        if self._task is not None and not self._is_closed:
            self._task.cancel()


def _object_in(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise CloseSocketError(CloseCode.BAD_REQUEST)
    return message
