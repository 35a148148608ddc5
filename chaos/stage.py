"""Where faults are played: a throwaway database, a Redis of its own, the fake Mercado Pago, all on loopback.

The fake is a process, so what it was asked to do survives whoever asked. Import nothing of the product before
`stage()` has been entered: it sets Django up.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from bench import served
from scripts.local_services import Valkey, free_port, postgres_answers, with_database_number
from scripts.running import Running
from scripts.services import ROOT, Program

from .cluster import Cluster, private_cluster

PATIENCE: Final = 60.0
SECRET: Final = "secret-of-the-panel"
TOKEN: Final = "TEST-token-of-the-fake"
WEBHOOKS: Final = "/api/v1/funds/webhooks/mercadopago/"


class FakeProvider:
    """The fake's levers over HTTP."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def control(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET without a body, POST with one."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", data)
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def state(self) -> Any:
        """Everything that moved money there."""
        return self.control("state")

    def misbehave(self, kind: str, **fault: Any) -> None:
        """Every call of the API from now on."""
        self.control("faults", {"kind": kind, "method": "*", "path": ".*", "times": -1, **fault})

    def recover(self) -> None:
        """Every call is answered again."""
        self.control("calm", {})


@dataclass(frozen=True)
class Stage:
    """What is there. `api_port` is where the fake sends its webhooks; whoever wants them serves there."""

    folder: Path
    server: Valkey
    fake: FakeProvider
    api_port: int
    stack: ExitStack
    cluster: Cluster | None = None

    def start(self, program: Program) -> Running:
        """Run it until it is stopped or the stage is left."""
        running = Running(program, self.folder)
        self.stack.callback(running.stop)
        return running.start()

    def empty_broker(self) -> None:
        """All messages are gone."""
        redis.Redis.from_url(os.environ["CELERY_BROKER_URL"]).flushdb()

    def manage(self, *arguments: str) -> int:
        """A management command on the stage's database; its exit code."""
        return subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, check=False).returncode


@contextmanager
def stage(*, own_postgres: bool = False) -> Iterator[Stage]:
    """All of it, gone afterwards, whatever happened. SIGTERM counts as Ctrl-C.

    The database is on the PostgreSQL of this machine; on a private one that may be killed where `own_postgres` says so,
    or where this machine has none.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        own = own_postgres or not postgres_answers(served.SERVER)
        cluster = stack.enter_context(private_cluster()) if own else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        valkey = Valkey(folder / "redis")
        stack.callback(valkey.end)
        valkey.start()
        api_port, fake_port = free_port(), free_port()
        fake = FakeProvider(fake_port)
        stack.enter_context(
            served.database(
                server=cluster.url if cluster else served.SERVER,
                REDIS_URL=with_database_number(valkey.url, 0),
                CELERY_BROKER_URL=with_database_number(valkey.url, 1),
                VAR_DIR=str(folder),
                MERCADOPAGO_ACCESS_TOKEN=TOKEN,
                MERCADOPAGO_COLLECTOR_ID="123456789",
                MERCADOPAGO_CURRENCY="MXN",
                MERCADOPAGO_WEBHOOK_SECRETS=SECRET,
                MERCADOPAGO_API_URL=fake.url,
                MERCADOPAGO_CALLS_PER_SECOND="1000",
                ACCESS_TOKEN_MINUTES="600",
            )
        )
        found = Stage(folder, valkey, fake, api_port, stack, cluster)
        found.start(Program("fake", _fake_command(fake_port, api_port)))
        _wait_for(fake)
        yield found


def _fake_command(port: int, api_port: int) -> list[str | Path]:
    webhook = f"http://127.0.0.1:{api_port}{WEBHOOKS}"
    module = "funds.payments.tests.mercadopago.server"
    options = ["--port", str(port), "--token", TOKEN, "--webhook", webhook, "--secret", SECRET, "--auto-approve"]
    return [sys.executable, "-m", module, *options]


def _wait_for(fake: FakeProvider) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            fake.state()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
