"""Database work of the processes that serve sockets: on a small fixed pool of threads, never on the event loop.

Each thread keeps one connection, so that there are few of them (SOCKET_THREADS) however many sockets there are.
Django's own way from async code would open and close one for each piece of work, or leak those it keeps.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

KEPT_SECONDS = 300.0
"""A connection is replaced after this long, as CONN_MAX_AGE would."""


class DatabaseThreads:
    """The pool; made when it is first needed, so that a process that forks before has none."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._local = threading.local()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` answers or raises; it runs in one of the threads, in autocommit."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads(), lambda: self._run(work, *args, **kwargs))

    def close(self) -> None:
        """End the threads and their connections (tests)."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is None:
            return
        together = threading.Barrier(self._size)

        def end_one() -> None:
            together.wait(10)
            connections.close_all()

        for each in [pool.submit(end_one) for _ in range(self._size)]:
            each.result()
        pool.shutdown()

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._size, thread_name_prefix="sockets-db")
            return self._pool

    def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        now = time.monotonic()
        if now - getattr(self._local, "opened_at", now - KEPT_SECONDS) >= KEPT_SECONDS:
            connections.close_all()
            self._local.opened_at = now
        try:
            return work(*args, **kwargs)
        finally:
            # A connection that has failed once is not trusted with the next piece of work.
            for connection in connections.all(initialized_only=True):
                if connection.errors_occurred:
                    connection.close()


database = DatabaseThreads(settings.SOCKET_THREADS)
lookout = DatabaseThreads(1)
"""For the looks that must not queue behind a thousand clients that come back at once."""
