"""What an ASGI server and an application say to each other, and why sockets are closed."""

from collections.abc import Awaitable, Callable, MutableMapping
from enum import IntEnum
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class CloseCode(IntEnum):
    """The reasons clients meet (docs/realtime.md); 4xxx are ours, the others of RFC 6455."""

    TOO_BIG = 1009
    TRY_LATER = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    SIGNED_OUT = 4403
    NOT_FOUND = 4404
    NO_PONG = 4408
    TOO_SLOW = 4429


class CloseSocketError(Exception):
    """Raised by what a connection runs: close it for this reason."""

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.name)
        self.code = code
