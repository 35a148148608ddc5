"""`/ws/exposure/`: whoever shows selections is told that there may be others.

Public and the same for all: a message says that something changed, never what is shown to whom. Changes that come close
together are told once, and each listener is asked to wait a moment of its own before it asks anew.
"""

import asyncio
import json
import random
import time
from typing import Any, ClassVar, Final

from marketplace.core.sockets.connection import Connection
from marketplace.core.sockets.hub import Hub, Message, Room
from marketplace.core.sockets.protocol import CloseCode, CloseSocketError
from marketplace.core.sockets.sending import send_to_group

CHANGED: Final = "exposure.changed"
GROUP: Final = "exposure"
PAUSE_SECONDS: Final = 1.0
"""At most one message in so many seconds."""
SPREAD_MILLISECONDS: Final = 5_000
"""Listeners ask anew within this time, not all at once."""
AT_ONCE: Final = 200
"""Listeners served before others get their turn on the loop."""


def tell_viewers() -> None:
    """Say that selections may be others now. Best effort; harmless twice."""
    send_to_group(GROUP, {"type": CHANGED})


class ExposureConnection(Connection):
    """A page that shows selections. It says nothing but pong, and owes none."""

    needs_pong: ClassVar[bool] = False
    is_public: ClassVar[bool] = True
    room: "ExposureRoom | None" = None

    async def opened(self) -> None:
        self.room = ExposureRoom.here()
        await self.room.enter(self)

    async def received(self, message: dict[str, Any]) -> None:
        raise CloseSocketError(CloseCode.BAD_REQUEST)

    def closed(self) -> None:
        if self.room is not None:
            self.room.leave(self)


class ExposureRoom(Room):
    """The listeners of a process."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._sockets: set[ExposureConnection] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")
        hub.hear(CHANGED, self._hear_changed)

    async def enter(self, socket: ExposureConnection) -> None:
        """From now on the socket is told; its first message says that it listens."""
        if not self._sockets:
            self.hub.want(GROUP)
        self._sockets.add(socket)
        await self.hub.settled(GROUP)
        socket.post(_frame("listening"))

    def leave(self, socket: ExposureConnection) -> None:
        """With the last listener the listening ends."""
        if socket not in self._sockets:
            return
        self._sockets.discard(socket)
        if not self._sockets:
            self.hub.part(GROUP)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _hear_changed(self, message: Message) -> None:
        if self._timer is None and self._sockets:
            wait = max(0.0, self._told_at + PAUSE_SECONDS - time.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._begin_telling)

    def _begin_telling(self) -> None:
        self._timer, self._told_at = None, time.monotonic()
        self.hub.start(self._tell())

    async def _tell(self) -> None:
        for number, socket in enumerate(list(self._sockets), start=1):
            socket.post(_frame("changed", refresh_in_ms=random.randrange(SPREAD_MILLISECONDS)))  # noqa: S311
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)


def _frame(kind: str, **values: int) -> str:
    return json.dumps({"type": kind, **values}, separators=(",", ":"))
