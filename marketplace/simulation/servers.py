"""The product, served for the length of a run: everything in one process, or the processes of the served layout."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from django.conf import settings

PATIENCE_SECONDS = 60.0
QUEUES = ("holds,events,default,payments", "notify,fetch")


@contextmanager
def served() -> Iterator[int]:
    """The port it answers on. What was started is ended afterwards, by its own number."""
    port = _free_port()
    with ExitStack() as stack:
        for command in _commands(port):
            process = subprocess.Popen(command, cwd=settings.BASE_DIR, env={**os.environ, "LOG_LEVEL": "ERROR"})  # noqa: S603 - our own
            stack.callback(_end, process)
        _wait_for(port)
        yield port


def _commands(port: int) -> list[list[str]]:
    python, bin_folder = sys.executable, Path(sys.executable).parent
    if settings.CELERY_BROKER_URL.startswith("memory://"):
        return [[python, "manage.py", "serve", "--address", "127.0.0.1", "--port", str(port)]]
    granian = [str(bin_folder / "granian"), "--interface", "wsgi", "--workers", "2", "--blocking-threads", "1"]
    celery = [str(bin_folder / "celery"), "--quiet", "-A", "marketplace", "worker", "--loglevel", "ERROR"]
    workers = [[*celery, "--concurrency", "2", "-n", f"simulation{n}@%h", "-Q", each] for n, each in enumerate(QUEUES)]
    return [
        [*granian, "--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "marketplace.wsgi:application"],
        [python, "manage.py", "run_relay"],
        *workers,
    ]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
