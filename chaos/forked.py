"""Processes forked from one that has Django and Celery loaded: a worker costs a fraction of a second.

Each leads a session of its own, so that SIGKILL takes its children too. One that was told to stop at a crash point says
so and stands still there until it is killed.
"""

import gc
import importlib
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from celery import signals
from celery.fixups import django as celery_django
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connections

from funds.payments.tests.crash_points import Act, Plant
from marketplace.celery import app
from scripts.services import worker

READY: Final = b"r"
STANDING: Final = b"s"


def load() -> None:
    """Once, before the first fork: what every worker would import and check for itself."""
    app.loader.import_default_modules()
    for name in ("bin.celery", "concurrency.prefork", "concurrency.asynpool", "worker.worker", "worker.consumer"):
        importlib.import_module(f"celery.{name}")
    run_checks()
    celery_django.DjangoWorkerFixup.validate_models = lambda _fixup: None  # type: ignore[attr-defined]
    # A worker collects garbage before it forks each of its children; what is loaded here is none.
    gc.collect()
    gc.freeze()


class Forked:
    """A process that does `work`; given a plant, it stands still at that point. The parent must have one thread."""

    def __init__(self, work: Callable[[], None], log: Path, plant: Plant | None = None) -> None:
        self._heard, self._says = os.pipe()
        connections.close_all()
        self._pid = os.fork()
        if self._pid == 0:
            self._live(work, log, plant)
        os.close(self._says)

    def _live(self, work: Callable[[], None], log: Path, plant: Plant | None) -> None:
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(output, 1)
            os.dup2(output, 2)
            signals.worker_ready.connect(lambda **_: os.write(self._says, READY), weak=False)
            if plant:
                plant(self._stand)
            work()
        finally:
            os._exit(1)

    def _stand(self) -> None:
        os.write(self._says, STANDING)
        while True:
            time.sleep(60)

    def heard(self, what: bytes, *, count: int, first: float, others: float) -> int:
        """How often it said so: wait `first` seconds for the first time, `others` for all the rest."""
        heard, deadline = 0, time.monotonic() + first
        while heard < count and (left := deadline - time.monotonic()) > 0:
            if not select.select([self._heard], [], [], left)[0]:
                break
            said = os.read(self._heard, 64)
            if not said:
                break
            if heard == 0 and what in said:
                deadline = time.monotonic() + others
            heard += said.count(what)
        return heard

    def kill(self) -> None:
        """SIGKILL to it and all it has forked; harmless twice."""
        if self._pid:
            os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            os.close(self._heard)
            self._pid = 0


def celery_worker(lease: Act, *, processes: int) -> Callable[[], None]:
    """The payments worker of the served layout. `lease` sets how long a claim lasts."""

    def work() -> None:
        lease()
        app.worker_main([str(part) for part in worker("payments", "payments", processes=processes).command[4:]])

    return work


def relay() -> None:
    """The relay of the served layout."""
    call_command("run_relay")
