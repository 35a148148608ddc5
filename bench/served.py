"""A throwaway PostgreSQL database and the product served on it, for measurements over HTTP on loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO
from urllib.parse import urlsplit, urlunsplit

import django
import psycopg2
from django.core.management import call_command
from django.db import connections

SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
KEPT = os.environ.get("BENCH_KEEP", "")  # a name: that database is made if it is not there, and stays


@contextmanager
def database(*, server: str = SERVER, **variables: str) -> Iterator[str]:
    """Create a database on `server`, migrate it, set Django up on it; drop it afterwards. Yields its URL.

    `variables` go into the environment on top of what measurements usually want: no Redis, errors only.
    """
    name = KEPT or f"mp_bench_{os.getpid()}"
    if not (KEPT and _exists(name, server)):
        administer(f"CREATE DATABASE {name}", server)
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    usual = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.local",
        "REDIS_URL": "",
        "LOG_LEVEL": "ERROR",
        "ALLOWED_HOSTS": "127.0.0.1,testserver",
    }
    os.environ.update({**usual, **variables})
    try:
        django.setup()
        call_command("migrate", verbosity=0)
        yield url
    finally:
        connections.close_all()
        if not KEPT:
            administer(f"DROP DATABASE {name} WITH (FORCE)", server)


def _exists(name: str, server: str) -> bool:
    connection = psycopg2.connect(server)
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        there = cursor.fetchone() is not None
    connection.close()
    return there


def administer(statement: str, server: str = SERVER) -> None:
    """Say it to the server, outside a transaction."""
    connection = psycopg2.connect(server)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


@contextmanager
def api(workers: int = 2, port: int = 0) -> Iterator[int]:
    """The API on granian's WSGI, as in production: processes of one blocking thread. Yields the port.

    `port`: where somebody has to know it beforehand.
    """
    with wsgi("marketplace.wsgi:application", workers=workers, port=port) as found:
        yield found


@contextmanager
def wsgi(
    application: str,
    *,
    workers: int = 2,
    port: int = 0,
    environment: dict[str, str] | None = None,
    output: TextIO | None = None,
) -> Iterator[int]:
    """Any WSGI application in the same manner; it has to answer `/healthz`. `output`: where its logs go."""
    port = port or free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", str(workers), "--blocking-threads", "1",
        "--host", "127.0.0.1", "--port", str(port), "--log-level", "error", application,
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Return once the process there is healthy."""
    for _ in range(900):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1)
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the API did not come up")
