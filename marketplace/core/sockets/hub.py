"""The one listener of a process that serves sockets.

A process listens to the channel layer once, however many sockets it serves: what is for many of its clients arrives
once and is read once. Redis going away breaks no socket: the hub goes on trying, and rooms look into the database by
themselves every few seconds, so that what was not heard is still delivered.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Self, TypeVar

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

Message = dict[str, Any]
Hear = Callable[[Message], None]
Work = Coroutine[Any, Any, None]
RoomT = TypeVar("RoomT", bound="Room")

RETRY_SECONDS = 2.0
JOIN_SECONDS = 1.0
"""A socket that opens waits so long for its group; later the group is joined without it waiting."""
REFRESH_SECONDS = 3600.0
"""Memberships are renewed this often: the in-memory layer forgets them after a day."""


class Room:
    """What a slice keeps per process: its connections, and what to do with messages."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub

    @classmethod
    def here(cls) -> Self:
        """This process's room of that kind."""
        return Hub.here().room(cls)


class Hub:
    """The hub of an event loop; made with the first socket, and there as long as the loop."""

    _hubs: dict[asyncio.AbstractEventLoop, "Hub"] = {}

    def __init__(self) -> None:
        self._rooms: dict[type[Room], Room] = {}
        self._hears: dict[str, Hear] = {}
        self._wanted: dict[str, int] = {}
        self._unsettled: set[str] = set()
        self._channel = ""
        self._listening = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.open_count = 0
        self.public_count = 0
        self.start(self._listen())
        self.every(RETRY_SECONDS, self._settle)
        self.every(REFRESH_SECONDS, self._renew)

    @classmethod
    def here(cls) -> "Hub":
        """The hub of the running loop."""
        loop = asyncio.get_running_loop()
        hub = cls._hubs.get(loop)
        if hub is None:
            for ended in [other for other in cls._hubs if other.is_closed()]:
                del cls._hubs[ended]
            hub = cls._hubs[loop] = cls()
        return hub

    @classmethod
    def count_open(cls) -> int:
        """How many sockets this process has."""
        return sum(hub.open_count for hub in list(cls._hubs.values()))

    def room(self, kind: type[RoomT]) -> RoomT:
        """The room of that kind; made when it is first asked for."""
        room = self._rooms.get(kind)
        if not isinstance(room, kind):
            room = self._rooms[kind] = kind(self)
        return room

    def hear(self, message_type: str, hear: Hear) -> None:
        """Have messages of that type passed on. `hear` must not block."""
        self._hears[message_type] = hear

    def want(self, group: str) -> None:
        """Listen to a group, from soon on; undone by one `part`."""
        self._wanted[group] = self._wanted.get(group, 0) + 1
        if self._wanted[group] == 1:
            self._unsettled.add(group)

    async def settled(self, *groups: str) -> None:
        """Return once these are listened to. While the layer is away this gives up soon, and they are joined later."""
        try:
            await asyncio.wait_for(self._settle_these(groups), JOIN_SECONDS)
        except Exception as error:
            logger.warning("sockets: %s later: %r", ", ".join(groups), error)

    def part(self, group: str) -> None:
        """Undo one `join`."""
        self._wanted[group] -= 1
        if not self._wanted[group]:
            del self._wanted[group]
            self._unsettled.add(group)

    def start(self, work: Work) -> "asyncio.Task[None]":
        """Run something beside the sockets."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def every(self, seconds: float, work: Callable[[], Work]) -> None:
        """Do that again and again, failures notwithstanding."""
        self.start(self._repeat(seconds, work))

    async def _repeat(self, seconds: float, work: Callable[[], Work]) -> None:
        while not _is_cancelled():
            await asyncio.sleep(seconds)
            try:
                await work()
            except Exception:
                logger.warning("sockets: %s failed; again in %s s", work.__qualname__, seconds, exc_info=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("sockets: a task failed", exc_info=task.exception())

    async def _listen(self) -> None:
        layer: Any = get_channel_layer()
        while layer is not None and not _is_cancelled():
            try:
                if not self._channel:
                    self._channel = await layer.new_channel()
                    self._unsettled.update(self._wanted)
                    self._listening.set()
                self._pass_on(await layer.receive(self._channel))
            except Exception as error:
                logger.warning("sockets: the channel layer is away: %r", error)
                self._channel = ""
                self._listening.clear()
                await asyncio.sleep(RETRY_SECONDS)

    def _pass_on(self, message: Message) -> None:
        hear = self._hears.get(message.get("type", ""))
        if hear is None:
            return
        try:
            hear(message)
        except Exception:
            logger.exception("sockets: a message was not understood")

    async def _renew(self) -> None:
        self._unsettled.update(self._wanted)

    async def _settle(self) -> None:
        """Bring what the layer knows in line with what is wanted."""
        await self._settle_these(list(self._unsettled))

    async def _settle_these(self, groups: Iterable[str]) -> None:
        for group in groups:
            if group in self._unsettled:
                await self._settle_one(group)

    async def _settle_one(self, group: str) -> None:
        layer: Any = get_channel_layer()
        await self._listening.wait()
        is_wanted = group in self._wanted
        await (layer.group_add if is_wanted else layer.group_discard)(group, self._channel)
        if is_wanted == (group in self._wanted):
            self._unsettled.discard(group)


def _is_cancelled() -> bool:
    """Whether this task was told to end, and whatever it waited for made a failure of that, as clients of Redis may."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
