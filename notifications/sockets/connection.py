"""`/ws/notifications/`: one customer's inbox as it fills."""

import time
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.utils import timezone

from marketplace.core.sockets.connection import MAX_WAITING, Connection
from marketplace.core.sockets.protocol import CloseCode, CloseSocketError
from marketplace.core.sockets.work import database
from notifications.inbox.cursors import InboxCursor, UnreadableCursorError, read_cursor
from notifications.inbox.groups import post_read

from . import selectors, services
from .errors import SignedOutError
from .room import InboxRoom
from .services import Holder

LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


class InboxConnection(Connection):
    """Opened with a one-time ticket; first what came after the client's cursor, then what comes.

    What comes while the client catches up is held back: a client that leaves in between goes on from the last cursor
    it got, and must not have got one of later than what it still lacks.
    """

    holder: Holder
    language: str
    room: InboxRoom | None = None

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._got: set[int] = set()
        self._held: dict[int, str] | None = {}

    async def opened(self) -> None:
        query = parse_qs(self.scope["query_string"].decode("latin-1"), max_num_fields=10)
        holder = await database.run(services.redeem_ticket, ticket=_only(query, "ticket"))
        if holder is None:
            raise CloseSocketError(CloseCode.UNAUTHORIZED)
        self.lives_until = time.monotonic() + 60 * settings.SOCKET_LIFETIME_MINUTES
        cursor = _cursor(_only(query, "after"))
        self.holder, self.language = holder, _language(_only(query, "language"), holder.language)
        await InboxRoom.here().enter(self)
        if cursor is not None:
            await self._catch_up(cursor)
        counts = await database.run(selectors.unread_counts, [holder.customer_id])
        self.post(selectors.unread_frame(counts[holder.customer_id]))
        self._go_live()

    async def received(self, message: dict[str, Any]) -> None:
        if message["type"] != "read":
            return  # a later version's message
        item_id = message.get("id")
        if not (isinstance(item_id, str) and item_id.isascii() and item_id.isdigit() and len(item_id) <= 18):
            raise CloseSocketError(CloseCode.BAD_REQUEST)
        try:
            marked = await database.run(
                services.mark_read,
                customer_id=self.holder.customer_id,
                generation=self.holder.generation,
                item_id=int(item_id),
                at=timezone.now(),
            )
        except SignedOutError as error:
            raise CloseSocketError(CloseCode.SIGNED_OUT) from error
        if marked is not None:
            post_read(self.holder.customer_id)

    def closed(self) -> None:
        if self.room is not None:
            self.room.leave(self)

    def has(self, item_id: int) -> bool:
        """Whether the client was sent that row, or will be."""
        return item_id in self._got or (self._held is not None and item_id in self._held)

    def deliver(self, item_id: int, frame: str) -> None:
        """Send a notification, once; while the client catches up, afterwards."""
        if self.has(item_id):
            return
        if self._held is None:
            self._got.add(item_id)
            self.post(frame)
        elif len(self._held) < MAX_WAITING:
            self._held[item_id] = frame
        else:
            self.close(CloseCode.TOO_SLOW)

    def forget_up_to(self, item_id: int) -> None:
        """Rows that nobody will find anew: what was sent of them need not be remembered."""
        if self._got:
            self._got = {got for got in self._got if got > item_id}

    async def _catch_up(self, cursor: InboxCursor) -> None:
        """Page by page, each after the client has taken the one before."""
        customer_id, after_id = self.holder.customer_id, 0
        languages = {customer_id: (self.language,)}
        while not self.is_closing:
            items = await database.run(selectors.page_behind, customer_id, cursor, after_id)
            for parcel in await database.run(selectors.packed, items, languages):
                after_id = parcel.item_id
                self._got.add(after_id)
                self.post(parcel.frames[self.language])
            await self.drained()
            if len(items) < selectors.PAGE:
                return

    def _go_live(self) -> None:
        held, self._held = self._held or {}, None
        for item_id, frame in held.items():
            self.deliver(item_id, frame)


def _only(query: dict[str, list[str]], name: str) -> str:
    values = query.get(name, [])
    return values[0] if len(values) == 1 else ""


def _cursor(text: str) -> InboxCursor | None:
    if not text:
        return None
    try:
        return read_cursor(text)
    except UnreadableCursorError as error:
        raise CloseSocketError(CloseCode.BAD_REQUEST) from error


def _language(wanted: str, own: str) -> str:
    for language in (wanted, own):
        if language in LANGUAGES:
            return language
    return str(settings.LANGUAGE_CODE)
