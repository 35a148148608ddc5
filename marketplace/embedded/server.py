"""The web server of the embedded layout: granian inside this process, until a signal comes."""

import asyncio
import signal

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from marketplace.core.sockets.protocol import Application
from marketplace.embedded.background import Background

# After a signal, requests and then background parts get this long each; what is left is cut off. Tasks are repeatable
# and the database knows which are due, so nothing is lost by that.
GRACE_SECONDS = 0.9

# Open connections at once; more are not accepted until one closes, and wait for minutes. An on-sale minute brings
# thousands that are kept alive; each costs a few kilobytes.
MOST_CONNECTIONS = 8192


class WebServerEndedError(Exception):
    """The web server stopped without having been told to; its own log says why."""


async def serve_until_signal(application: Application, background: Background, *, address: str, port: int) -> list[str]:
    """Serve until SIGINT or SIGTERM, then stop; the names of the parts that did not end in time."""
    server = Server(
        application,
        address=address,
        port=port,
        interface=Interfaces.ASGI,
        backlog=MOST_CONNECTIONS,
        backpressure=MOST_CONNECTIONS,
        # Its start-up lines would tell a person at a terminal less than our own.
        log_level=LogLevels.error,
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.wait({serving, asyncio.create_task(_signal())}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
        raise WebServerEndedError
    background.request_stop()
    server.stop()  # type: ignore[no-untyped-call]
    await asyncio.wait({serving}, timeout=GRACE_SECONDS)
    unfinished = await asyncio.to_thread(background.join, GRACE_SECONDS)
    return unfinished if serving.done() else ["web", *unfinished]


async def _signal() -> None:
    received = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, received.set)
    await received.wait()
