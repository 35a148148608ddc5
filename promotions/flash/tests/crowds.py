"""Many at once on connections of their own, for races; and waiting for a moment to the tenth of a millisecond."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from marketplace.core.errors import DomainError

SPARE_CONNECTIONS = 20


class Crowd:
    """Threads, each with a connection of its own, that start each round together."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._pool = ThreadPoolExecutor(size)
        self._barrier = threading.Barrier(size)

    def play(self, moves: list[Callable[[], Any]]) -> list[Any]:
        """Every move at once (as many at a time as there are threads); what each gave, or the refusal."""
        shares = [moves[start :: self.size] for start in range(self.size)]
        return [outcome for share in self._pool.map(self._run, shares) for outcome in share]

    def close(self) -> None:
        list(self._pool.map(self._leave, range(self.size)))
        self._pool.shutdown()

    def _leave(self, _number: int) -> None:
        self._barrier.wait(timeout=60)
        connection.close()

    def _run(self, moves: list[Callable[[], Any]]) -> list[Any]:
        connection.ensure_connection()
        self._barrier.wait(timeout=60)
        outcomes: list[Any] = []
        for move in moves:
            try:
                outcomes.append(move())
            except DomainError as refusal:
                outcomes.append(refusal)
        return outcomes


def connections_to_spare() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int - (SELECT count(*) FROM pg_stat_activity)")
        return int(cursor.fetchone()[0]) - SPARE_CONNECTIONS


def at(moment: float, move: Callable[[], Any]) -> Callable[[], Any]:
    """The move, made when `time.perf_counter()` says so."""

    def wait_then_move() -> Any:
        while (left := moment - time.perf_counter()) > 0:
            time.sleep(left if left > 0.002 else 0)
        return move()

    return wait_then_move
