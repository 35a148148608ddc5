"""All inbox sockets of a process: what reaches it once is read once, and sent to those of its customers it concerns."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.conf import settings

from marketplace.core.sockets.hub import Hub, Message, Room
from marketplace.core.sockets.protocol import CloseCode, CloseSocketError
from marketplace.core.sockets.work import database, lookout
from notifications.inbox.cursors import OVERLAP
from notifications.inbox.groups import EVERY_PROCESS, FILLED, READ, SIGNED_OUT, group_of
from notifications.inbox.models import InboxItem
from users import facade as users

from . import selectors

if TYPE_CHECKING:
    from .connection import InboxConnection

logger = logging.getLogger(__name__)

MAX_PER_CUSTOMER: Final = 20
GATHER_SECONDS: Final = 0.05
"""What arrives within this time is read together."""
UNREAD_AFTER_SECONDS: Final = 1.0
DENIED_EVERY: Final = 2.0
TRUSTED_SECONDS: Final = 300.0
"""When nobody could say for so long who was signed out, everybody has to come in anew."""
AT_ONCE: Final = 200
"""Sockets served before others get their turn on the loop; customers whose unread ones are counted in one query."""

Range = tuple[int, UUID, UUID]


class InboxRoom(Room):
    """Who is here, and what waits to be read for them."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self._sockets: dict[UUID, set[InboxConnection]] = {}
        self._ranges: list[Range] = []
        self._touched: set[UUID] = set()
        self._is_delivering = self._is_counting = False
        # (when, the newest row's id then): which rows the looks have to ask for.
        self._marks: deque[tuple[float, int]] = deque()
        self._trusted_at = time.monotonic()
        hub.hear(FILLED, self._hear_filled)
        hub.hear(READ, self._hear_read)
        hub.hear(SIGNED_OUT, self._hear_signed_out)
        hub.every(settings.SOCKET_LOOK_SECONDS, self.look_again)
        hub.every(DENIED_EVERY, self.close_signed_out)

    async def enter(self, socket: "InboxConnection") -> None:
        """From here on the socket gets what comes. Raises `CloseSocketError` for one too many."""
        if not self._marks:
            self._marks.append((time.monotonic(), await lookout.run(selectors.newest_item_id)))
        if not self._sockets:
            self._trusted_at = time.monotonic()
        customer_id = socket.holder.customer_id
        sockets = self._sockets.setdefault(customer_id, set())
        sockets.add(socket)
        socket.room = self
        self.hub.want(EVERY_PROCESS)
        self.hub.want(group_of(customer_id))
        await self.hub.settled(EVERY_PROCESS, group_of(customer_id))
        if len(sockets) > MAX_PER_CUSTOMER:
            raise CloseSocketError(CloseCode.TRY_LATER)

    def leave(self, socket: "InboxConnection") -> None:
        """The socket is gone."""
        customer_id = socket.holder.customer_id
        sockets = self._sockets[customer_id]
        sockets.discard(socket)
        if not sockets:
            del self._sockets[customer_id]
        self.hub.part(EVERY_PROCESS)
        self.hub.part(group_of(customer_id))

    def _hear_filled(self, message: Message) -> None:
        self._ranges.append((message["message"], UUID(message["from"]), UUID(message["to"])))
        if not self._is_delivering:
            self._is_delivering = True
            self.hub.start(self._deliver_told())

    def _hear_read(self, message: Message) -> None:
        self._touch([UUID(message["customer"])])

    def _hear_signed_out(self, _message: Message) -> None:
        self.hub.start(self.close_signed_out())

    async def _deliver_told(self) -> None:
        try:
            while self._ranges:
                await asyncio.sleep(GATHER_SECONDS)
                ranges, self._ranges = self._ranges, []
                customers = self._within(ranges)
                if customers:
                    message_ids = {message_id for message_id, _from, _to in ranges}
                    await self._deliver(await database.run(selectors.items_told, message_ids, customers))
        finally:
            self._is_delivering = False

    def _within(self, ranges: Iterable[Range]) -> list[UUID]:
        people = {first for _message, first, last in ranges if first == last}
        wide = [(first, last) for _message, first, last in ranges if first != last]
        here = people & self._sockets.keys()
        if wide:
            here |= {each for each in self._sockets if any(first <= each <= last for first, last in wide)}
        return list(here)

    async def _deliver(self, items: list[InboxItem]) -> None:
        """Send what somebody here was not sent yet; rows are put into words beside the loop."""
        fresh = [item for item in items if any(not each.has(item.pk) for each in self._sockets.get(item.customer, ()))]
        if not fresh:
            return
        languages = {
            item.customer: {socket.language for socket in self._sockets.get(item.customer, ())} for item in fresh
        }
        for number, parcel in enumerate(await database.run(selectors.packed, fresh, languages), start=1):
            for socket in list(self._sockets.get(parcel.customer_id, ())):
                # Somebody who came meanwhile in another language has it from catching up, or from the next look.
                if socket.language in parcel.frames:
                    socket.deliver(parcel.item_id, parcel.frames[socket.language])
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        self._touch(languages)

    def _touch(self, customers: Iterable[UUID]) -> None:
        self._touched.update(customers)
        if not self._is_counting:
            self._is_counting = True
            self.hub.start(self._tell_unread())

    async def _tell_unread(self) -> None:
        try:
            while self._touched:
                await asyncio.sleep(UNREAD_AFTER_SECONDS)
                touched, self._touched = list(self._touched & self._sockets.keys()), set()
                for start in range(0, len(touched), AT_ONCE):
                    counts = await database.run(selectors.unread_counts, touched[start : start + AT_ONCE])
                    for customer_id, count in counts.items():
                        for socket in list(self._sockets.get(customer_id, ())):
                            socket.post(selectors.unread_frame(count))
        finally:
            self._is_counting = False

    async def look_again(self) -> None:
        """Read what is new in the inboxes of everybody here, in one query, and send what was not sent."""
        if not self._sockets:
            self._marks.clear()
            return
        now, newest = time.monotonic(), await lookout.run(selectors.newest_item_id)
        floor = self._marks[0][1]
        if floor < newest:
            await self._deliver(await lookout.run(selectors.items_since, floor, list(self._sockets)))
        self._marks.append((now, newest))
        # A row with an id below the mark was begun before it, and is there `OVERLAP` later: this look has seen it.
        while len(self._marks) > 1 and self._marks[1][0] <= now - OVERLAP.total_seconds():
            self._marks.popleft()
        for sockets in list(self._sockets.values()):
            for socket in sockets:
                socket.forget_up_to(self._marks[0][1])

    async def close_signed_out(self) -> None:
        """Close the sockets of accounts that were disabled or logged out everywhere since they were opened."""
        if not self._sockets:
            return
        try:
            refused = await lookout.run(users.refused_generations)
        except Exception:
            if time.monotonic() - self._trusted_at > TRUSTED_SECONDS:
                self._close_all()
            raise
        self._trusted_at = time.monotonic()
        for customer_id in refused.keys() & self._sockets.keys():
            for socket in list(self._sockets[customer_id]):
                if socket.holder.generation < refused[customer_id]:
                    socket.close(CloseCode.SIGNED_OUT)

    def _close_all(self) -> None:
        for sockets in list(self._sockets.values()):
            for socket in list(sockets):
                socket.close(CloseCode.TRY_LATER)
