"""How the process behind /ws/ is started. docker-compose.yaml says the same."""

import sys
from pathlib import Path

# An ASGI process that keeps database connections leaks them; the threads of the sockets keep theirs by themselves.
SETTINGS = {"DB_CONN_MAX_AGE": "0"}


def command(port: int) -> list[str | Path]:
    """uvicorn, because granian keeps 128 KiB to read into for each socket.

    Larger frames than the product takes do not get as far as the product; compression would cost more memory than all
    the rest of a socket.
    """
    server: list[str | Path] = [Path(sys.executable).parent / "uvicorn", "--port", str(port), "--lifespan", "off"]
    sockets = ["--ws", "websockets-sansio", "--ws-max-size", "65536", "--ws-per-message-deflate", "false"]
    quiet = ["--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "2"]
    return [*server, *sockets, *quiet, "marketplace.asgi:application"]
