"""Two transactions that meet at a chosen point: the first stops there until PostgreSQL says that the second waits.

No chance and no sleep decides who is first: with the right order of locks the second one waits and goes on, with the
wrong one the two stand there for ever, and the database has to end one of them.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

PATIENCE = 20.0


class Standoff:
    """The first to run stops once it has come through `place.name`, holding whatever it has locked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, place: Any, name: str) -> None:
        self._stopped, self._ended = threading.Event(), threading.Event()
        self._first: threading.Thread | None = None
        self._second_pid = 0
        done = getattr(place, name)

        def stopping(*args: Any, **named: Any) -> Any:
            answer = done(*args, **named)
            if threading.current_thread() is self._first and not self._stopped.is_set():
                self._stopped.set()
                self._wait()
            return answer

        monkeypatch.setattr(place, name, stopping)

    def run(self, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
        """Their answers, or the exceptions they ended with."""
        answers: list[Any] = [None, None]

        def follow() -> Any:
            assert self._stopped.wait(PATIENCE), "the first one never came to the point"
            try:
                self._second_pid = _own_pid()
                return second()
            finally:
                self._ended.set()

        def run(number: int, act: Callable[[], Any]) -> None:
            try:
                answers[number] = act()
            except BaseException as error:
                answers[number] = error
            finally:
                connection.close()

        threads = [threading.Thread(target=run, args=each) for each in ((0, first), (1, follow))]
        self._first = threads[0]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(3 * PATIENCE)
        assert not any(thread.is_alive() for thread in threads)
        return answers[0], answers[1]

    def _wait(self) -> None:
        ends, mine = time.monotonic() + PATIENCE, _own_pid()
        while not (self._second_pid and mine in _waited_for_by(self._second_pid)):
            assert not self._ended.is_set(), "the second one went past"
            assert time.monotonic() < ends, "the second one never came"
            time.sleep(0.005)


def _own_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _waited_for_by(pid: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_blocking_pids(%s)", [pid])
        return list(cursor.fetchone()[0])
