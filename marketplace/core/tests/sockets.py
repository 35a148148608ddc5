"""A client's side of the product's sockets, and what the database is asked for them."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from asgiref.testing import ApplicationCommunicator
from django.db import connections
from django.db.backends.signals import connection_created

from marketplace.routing import websocket_application

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS = 5.0
QUIET_SECONDS = 0.4


class Client:
    """One socket to the product, without a web server between."""

    def __init__(self, address: str, *, origin: str | None = None, application: Any = websocket_application) -> None:
        path, _, query = address.partition("?")
        headers = [] if origin is None else [(b"origin", origin.encode())]
        scope = {"type": "websocket", "path": path, "query_string": query.encode(), "headers": headers}
        self._side = ApplicationCommunicator(application, scope)

    async def connect(self) -> str:
        """Ask to come in; the type of the answer."""
        await self._side.send_input({"type": "websocket.connect"})
        return str((await self._side.receive_output(PATIENCE_SECONDS))["type"])

    async def say(self, message: Any) -> None:
        """Send a frame: a text as it is, anything else as JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        await self._side.send_input({"type": "websocket.receive", "text": text})

    async def hear(self, kind: str | None = None, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next message, or the next of that type."""
        async with asyncio.timeout(seconds):
            while True:
                output = await self._side.receive_output(seconds)
                assert output["type"] == "websocket.send", output
                message: dict[str, Any] = json.loads(output["text"])
                if kind in {None, message["type"]}:
                    return message

    async def closed(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the end; its code."""
        async with asyncio.timeout(seconds):
            while (output := await self._side.receive_output(seconds))["type"] != "websocket.close":
                pass
        await self.leave()
        return int(output["code"])

    async def is_quiet(self, kind: str, seconds: float = QUIET_SECONDS) -> bool:
        """Whether nothing of that type comes for a while."""
        try:
            await self.hear(kind, seconds)
        except TimeoutError:
            return True
        return False

    async def leave(self) -> None:
        """Close from this side and let the application finish."""
        await self._side.send_input({"type": "websocket.disconnect", "code": 1000})
        await self._side.wait(PATIENCE_SECONDS)


async def aside(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run database work of the test in a thread, without leaving its connection behind."""

    def run() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


@contextmanager
def asked_by_sockets() -> Iterator[list[str]]:
    """The statements of the sockets' database threads; enter before they have a connection."""
    statements: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql)
        return execute(sql, params, many, context)

    def watch(connection: Any, **_signal: Any) -> None:
        if threading.current_thread().name.startswith("sockets-db"):
            connection.execute_wrappers.append(note)

    connection_created.connect(watch)
    try:
        yield statements
    finally:
        connection_created.disconnect(watch)
