"""A server of the embedded layout in a process of its own, in a folder of its own."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from marketplace.core.tests.migrated import copy_to
from marketplace.settings.env import BASE_DIR

PATIENCE_SECONDS = 60
MANAGE = (sys.executable, "manage.py")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, port: int) -> dict[str, str]:
    """The embedded default, whatever this half of the suite runs on."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
        "VAR_DIR": str(folder),
        "PORT": str(port),
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://localhost/",
    }


def migrate(variables: dict[str, str]) -> None:
    """Bring that new database up to date."""
    copy_to(Path(variables["DATABASE_URL"].removeprefix("sqlite:///")))


def start(variables: dict[str, str], output: int | IO[str] = subprocess.PIPE) -> subprocess.Popen[str]:
    """`manage.py serve`; its output can be read. A pipe holds 64 KB: who asks for more than a little gives a file."""
    return subprocess.Popen(
        [*MANAGE, "serve"], cwd=BASE_DIR, env=variables, text=True, stdout=output, stderr=subprocess.STDOUT
    )


def status_of(port: int, path: str) -> int:
    """Status of a GET; 0 while nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def wait_for_health(server: subprocess.Popen[str], port: int) -> None:
    """Return once /healthz answers 200."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while status_of(port, "/healthz") != http.HTTPStatus.OK:
        assert server.poll() is None, server.stdout.read() if server.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.1)
