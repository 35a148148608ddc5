"""Open-loop HTTP load on loopback: requests leave when their moment comes, whatever became of those before.

A request's time counts from the moment it was due, so waiting for a connection or for the server counts too.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.simulation.connections import Connections, encoded

TIMEOUT: Final = 30.0
MOST_WAITING: Final = 4_000
"""More requests under way than this: the next ones are not sent and count as unanswered."""
UNANSWERED: Final = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request. With a body it is a POST."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        return encoded("GET" if self.body is None else "POST", self.path, self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status (0: nothing), seconds since the request was due, the body."""

    status: int
    seconds: float
    body: bytes


Hear = Callable[[int, Answer], None]


class OpenLoop:
    """A pool of kept-alive connections to one port."""

    def __init__(self, port: int, *, connections: int = 64) -> None:
        self._connections = Connections(port)
        self._places = asyncio.Semaphore(connections)
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, make: Callable[[int], Call], hear: Hear, *, rate: float, count: int) -> None:
        """Send `count` requests, the n-th at n / rate seconds; returns when all are answered or given up."""
        started = time.perf_counter()
        for number in range(count):
            due = started + number / rate
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            if len(self._under_way) >= MOST_WAITING:
                hear(number, Answer(UNANSWERED, 0.0, b""))
                continue
            task = asyncio.create_task(self._one(number, make(number), hear, due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def _one(self, number: int, call: Call, hear: Hear, due: float) -> None:
        status, body = UNANSWERED, b""
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(TIMEOUT), self._places:
                status, body = await self._connections.send(call.encoded())
        hear(number, Answer(status, time.perf_counter() - due, body))


def percentile(times: list[float], share: float) -> float:
    """Of sorted times, in milliseconds."""
    return times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else float("nan")
