"""`manage.py serve`: the whole product in this one process (see `marketplace.embedded`)."""

import asyncio
import logging
import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from marketplace.embedded.asgi import EmbeddedApplication
from marketplace.embedded.background import Background
from marketplace.embedded.server import serve_until_signal
from marketplace.embedded.welcome import welcome
from marketplace.routing import websocket_application
from marketplace.wsgi import application as wsgi_application

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Web, WebSocket, Celery worker, beat and relay in one process; SIGINT and SIGTERM stop all of it."""

    help = "Serve everything from this one process, without any other server."

    def add_arguments(self, parser: CommandParser) -> None:
        """Address and port default to BIND_ADDRESS and PORT of the environment."""
        parser.add_argument("--address", default=settings.BIND_ADDRESS)
        parser.add_argument("--port", type=int, default=settings.PORT)

    def handle(self, *_args: Any, address: str, port: int, **_options: Any) -> None:
        """Serve until a signal comes; exit code 0 then."""
        refuse_taken_port(address, port)
        background = Background()
        application = EmbeddedApplication(
            wsgi=wsgi_application,
            websocket=websocket_application,
            background=background,
            threads=settings.WEB_THREADS,
        )
        self.stdout.write(welcome(address, port))
        self.stdout.flush()
        asyncio.run(serve_and_leave(application, background, address=address, port=port))


def refuse_taken_port(address: str, port: int) -> None:
    """Say so in one line where another process listens: the server would only show a traceback."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {address}:{port} ({error.strerror}). Choose another: PORT=8001"
            ) from None


async def serve_and_leave(application: EmbeddedApplication, background: Background, *, address: str, port: int) -> None:
    """Serve; when something does not end in time, end the process over its head.

    A normal exit would wait for the threads of requests and tasks, however long these take.
    """
    unfinished = await serve_until_signal(application, background, address=address, port=port)
    if unfinished:
        logger.warning("stopped in the middle of: %s", ", ".join(unfinished))
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)
