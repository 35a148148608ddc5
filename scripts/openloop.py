"""Open-loop HTTP load on loopback: requests leave when their moment comes, whatever became of those before.

A request's time counts from the moment it was due, so waiting for a connection or for the server counts too.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

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
        content = b"" if self.body is None else json.dumps(self.body).encode()
        named = {"Host": "127.0.0.1", "Content-Length": str(len(content)), **self.headers}
        if self.body is not None:
            named["Content-Type"] = "application/json"
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        method = "GET" if self.body is None else "POST"
        return f"{method} {self.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status (0: nothing), seconds since the request was due, the body."""

    status: int
    seconds: float
    body: bytes


Hear = Callable[[int, Answer], None]
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class OpenLoop:
    """A pool of kept-alive connections to one port."""

    def __init__(self, port: int, *, connections: int = 64) -> None:
        self._port = port
        self._places = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
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
                status, body = await self._send(call)
        hear(number, Answer(status, time.perf_counter() - due, body))

    async def _send(self, call: Call) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        try:
            writer.write(call.encoded())
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return int(head[0].split()[1]), body

    async def _connection(self) -> Connection:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
        return await asyncio.open_connection("127.0.0.1", self._port)


def percentile(times: list[float], share: float) -> float:
    """Of sorted times, in milliseconds."""
    return times[min(len(times) - 1, int(len(times) * share))] * 1000 if times else float("nan")
