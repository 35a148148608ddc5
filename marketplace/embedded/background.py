"""Celery worker, beat and outbox relay as threads of the web process."""

import logging
import threading
import time
from collections.abc import Callable

from celery.worker import state as worker_state
from celery.worker.worker import WorkController
from django.conf import settings
from django.db import close_old_connections, connections

from marketplace.celery import app
from marketplace.core.beat import Scheduler
from marketplace.core.bus.pump import run_pump
from marketplace.core.outbox.relay import Relay
from marketplace.core.outbox.tasks import send_to_celery

logger = logging.getLogger(__name__)

# A part that fails is started again after this many seconds: the process must not go on without its relay.
RESTART_AFTER = 1.0
# Beat looks at its table at least this often, so that a changed schedule is noticed soon.
LONGEST_NAP = 1.0
WAKE_EVERY = 0.05

Part = Callable[[threading.Event], None]


def run_worker(stop: threading.Event) -> None:
    """Celery's worker with a pool of threads; it looks at `worker_state.should_stop` between messages."""
    worker_state.should_stop = None
    worker: WorkController = app.WorkController(
        pool_cls="threads",
        concurrency=settings.TASK_THREADS,
        queues=settings.QUEUES,
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
    )
    ended = threading.Event()
    threading.Thread(target=_end_worker, args=(stop, ended), name="worker-stop", daemon=True).start()
    try:
        worker.start()
    finally:
        ended.set()


def _end_worker(stop: threading.Event, ended: threading.Event) -> None:
    """Translate the wish to stop into the worker's own flag, and wake its loop by messages that do nothing: a quiet
    loop would look at the flag two to four seconds later."""
    stop.wait()
    worker_state.should_stop = 0  # type: ignore[assignment]  # the exit code, by Celery's convention
    while not ended.wait(WAKE_EVERY):
        app.control.broadcast("ping", reply=False)


def run_beat(stop: threading.Event) -> None:
    """Celery beat on the schedule in the database; waits on the stop event where beat itself would sleep."""
    scheduler = Scheduler(app=app)
    while not stop.is_set():
        close_old_connections()
        stop.wait(min(scheduler.tick() or LONGEST_NAP, LONGEST_NAP))
    scheduler.close()


def run_relay(stop: threading.Event) -> None:
    """The outbox relay; it watches the stop event itself."""
    Relay(send_to_celery).run(stop)


PARTS: dict[str, Part] = {"worker": run_worker, "beat": run_beat, "relay": run_relay, "bus": run_pump}


class Background:
    """Starts the parts as threads, keeps them alive, and stops them together."""

    def __init__(self, parts: dict[str, Part] | None = None) -> None:
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep_running, args=(name, part), name=name, daemon=True)
            for name, part in (PARTS if parts is None else parts).items()
        ]

    def start(self) -> None:
        """Start every part; returns at once."""
        for thread in self._threads:
            thread.start()

    def request_stop(self) -> None:
        """Ask every part to stop; returns at once."""
        self._stop.set()

    def join(self, seconds: float) -> list[str]:
        """Wait at most so long for all parts together; the names of those that still run."""
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _keep_running(self, name: str, part: Part) -> None:
        while not self._stop.is_set():
            try:
                part(self._stop)
            except Exception:
                logger.exception("%s failed; starting it again", name)
            finally:
                connections.close_all()
            self._stop.wait(RESTART_AFTER)
