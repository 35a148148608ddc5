"""`/ws/promotions/{id}/`: a promotion as it changes, for everybody who watches it.

A process reads a watched promotion once for all its watchers: when it is told of a change (not oftener than each
`PAUSE_SECONDS`), when the clock changes something without anybody's doing (a hold lapses, it starts, it ends), and
every now and then in case nobody told.
"""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final
from uuid import UUID

from django.conf import settings

from marketplace.core.sockets.connection import Connection
from marketplace.core.sockets.hub import Hub, Message, Room
from marketplace.core.sockets.protocol import CloseCode, CloseSocketError
from marketplace.core.sockets.sending import send_to_group
from marketplace.core.sockets.work import database
from promotions.contracts import LiveState

from .live import live_state
from .state import whole_seconds

logger = logging.getLogger(__name__)

CHANGED: Final = "promo.changed"
PAUSE_SECONDS: Final = 0.2
LATE_SECONDS: Final = 0.01
"""So long after a moment it is read: what lapses then has lapsed."""
AT_ONCE: Final = 200
"""Watchers served before others get their turn on the loop."""


def group_of(promo_id: UUID) -> str:
    """The processes where somebody watches this promotion."""
    return f"promo.{promo_id.hex}"


def tell_watchers(promo_id: UUID) -> None:
    """Say that something about the promotion changed. Best effort; harmless twice."""
    send_to_group(group_of(promo_id), {"type": CHANGED, "promo": promo_id.hex})


class WatchConnection(Connection):
    """A watcher. Public: it learns what the promotion's page shows. It says nothing but pong, and owes none."""

    needs_pong: ClassVar[bool] = False
    is_public: ClassVar[bool] = True
    watch: "Watch | None" = None

    async def opened(self) -> None:
        promo_id = UUID(self.scope["url_route"]["kwargs"]["promo_id"])
        await WatchRoom.here().enter(self, promo_id)

    async def received(self, message: dict[str, Any]) -> None:
        raise CloseSocketError(CloseCode.BAD_REQUEST)

    def closed(self) -> None:
        if self.watch is not None:
            self.watch.leave(self)


class WatchRoom(Room):
    """The watched promotions of a process."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.watches: dict[UUID, Watch] = {}
        hub.hear(CHANGED, self._hear_changed)

    async def enter(self, socket: WatchConnection, promo_id: UUID) -> None:
        """Show the socket the promotion now, and what becomes of it. Raises `CloseSocketError` where there is none."""
        watch = self.watches.get(promo_id)
        if watch is None:
            watch = self.watches[promo_id] = Watch(self, promo_id)
        await watch.enter(socket)

    def _hear_changed(self, message: Message) -> None:
        watch = self.watches.get(UUID(message["promo"]))
        if watch is not None:
            watch.read_soon()


class Watch:
    """One promotion and its watchers in this process."""

    def __init__(self, room: WatchRoom, promo_id: UUID) -> None:
        self._room = room
        self._promo_id = promo_id
        self._sockets: set[WatchConnection] = set()
        self._state: LiveState | None = None
        self._read_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._reading: asyncio.Task[None] | None = None
        self._is_stale = False
        self._has_failed = False
        room.hub.want(group_of(promo_id))

    async def enter(self, socket: WatchConnection) -> None:
        self._sockets.add(socket)
        socket.watch = self
        if self._state is None:
            # Listening comes first: what changes after the reading is heard of.
            await self._room.hub.settled(group_of(self._promo_id))
            await self._first_reading()
        if self._state is None:
            # When nobody could look, nobody knows that there is none.
            raise CloseSocketError(CloseCode.TRY_LATER if self._has_failed else CloseCode.NOT_FOUND)
        socket.post(self._frame(self._state))

    def leave(self, socket: WatchConnection) -> None:
        """With the last watcher the watching ends."""
        self._sockets.discard(socket)
        if not self._sockets and self._room.watches.get(self._promo_id) is self:
            del self._room.watches[self._promo_id]
            self._room.hub.part(group_of(self._promo_id))
            if self._timer is not None:
                self._timer.cancel()

    def read_soon(self) -> None:
        """Something changed: read it, at the earliest `PAUSE_SECONDS` after the last reading began."""
        self._is_stale = True
        self._read_in(max(0.0, self._read_at + PAUSE_SECONDS - time.monotonic()))

    async def _first_reading(self) -> None:
        """All who come at the same time wait for one reading."""
        if self._reading is None:
            self._begin_reading()
        if self._reading is not None:
            await asyncio.wait({self._reading})

    def _read_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._sockets and self._reading is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._begin_reading)

    def _begin_reading(self) -> None:
        if self._reading is None:
            self._reading = self._room.hub.start(self._read())

    async def _read(self) -> None:
        self._read_at, self._is_stale = time.monotonic(), False
        try:
            before, self._state = self._state, await database.run(live_state, self._promo_id)
            self._has_failed = False
            await self._show(before)
        except Exception:
            self._has_failed = True
            logger.warning("promotion not read", exc_info=True, extra={"promotion": str(self._promo_id)})
        finally:
            self._reading = None
            if self._is_stale:
                self.read_soon()
            else:
                self._read_in(self._seconds_to_next())

    async def _show(self, before: LiveState | None) -> None:
        state = self._state
        if state is None:
            for socket in list(self._sockets):
                socket.close(CloseCode.NOT_FOUND)
        elif before is not None and _what_is_shown(state) != _what_is_shown(before):
            frame = self._frame(state)
            for number, socket in enumerate(list(self._sockets), start=1):
                socket.post(frame)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)

    def _now(self, state: LiveState) -> datetime:
        """The database's clock, from the last reading on by this process's."""
        return state.at + timedelta(seconds=time.monotonic() - self._read_at)

    def _seconds_to_next(self) -> float:
        state, longest = self._state, float(settings.SOCKET_LOOK_SECONDS)
        if state is None:
            return longest
        moments: Iterable[datetime | None] = (state.lapses_at, state.starts_at, state.ends_at)
        now = self._now(state)
        waits = [(moment - now).total_seconds() + LATE_SECONDS for moment in moments if moment and moment > state.at]
        return max(PAUSE_SECONDS, min([*waits, longest]))

    def _frame(self, state: LiveState) -> str:
        now = self._now(state)
        message: dict[str, Any] = {
            "type": "promotion",
            "promo": str(state.promo_id),
            "state": state.state,
            "units_left": state.units_left,
            "units_free": state.units_free,
            "next_lapse_in": state.lapses_at and whole_seconds((state.lapses_at - now).total_seconds()),
            "ends_in": whole_seconds((state.ends_at - now).total_seconds()),
        }
        return json.dumps(message, separators=(",", ":"))


def _what_is_shown(state: LiveState) -> tuple[Any, ...]:
    return state.state, state.units_left, state.units_free, state.lapses_at, state.ends_at
