"""One limit for everything a request takes: names, handshake, headers and body, also when they come in drips."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from types import TracebackType
from typing import Final, Self, TypeVar

AnswerT = TypeVar("AnswerT")

_names = ThreadPoolExecutor(max_workers=8, thread_name_prefix="links-names")
"""Looking a name up cannot be interrupted: it is left to itself when it takes too long."""


class TooSlowError(Exception):
    """Time is up."""


class Deadline:
    """A context: connections that are `watch`ed within it are cut when the time is up."""

    def __init__(self, seconds: float) -> None:
        self._ends: Final = time.monotonic() + seconds
        self._timer: Final = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._lock: Final = threading.Lock()
        self._twins: list[socket.socket] = []
        self.is_over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._timer.cancel()
        with self._lock:
            for twin in self._twins:
                twin.close()
            self._twins.clear()

    def left(self) -> float:
        """Seconds. Raises `TooSlowError` when there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TooSlowError
        return left

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection when the time is up. A twin is kept: TLS takes the original over."""
        with self._lock:
            if self.is_over:
                raise TooSlowError
            self._twins.append(connection.dup())

    def ask(self, work: Callable[[], AnswerT]) -> AnswerT:
        """Wait for what cannot be interrupted as long as there is time. Raises `TooSlowError`."""
        try:
            return _names.submit(work).result(self.left())
        except LateError as error:
            raise TooSlowError from error

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            for twin in self._twins:
                with contextlib.suppress(OSError):
                    twin.shutdown(socket.SHUT_RDWR)
