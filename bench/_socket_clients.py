"""Thousands of WebSocket clients in one process, each a protocol object that speaks just enough of RFC 6455."""

import asyncio
import json
import os
import random
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
AT_A_TIME = 50
PATIENCE = 120.0


class Client(asyncio.Protocol):
    """One socket and what came over it. `got` counts each id, drops and returns included."""

    def __init__(self, crowd: "Crowd", name: str) -> None:
        self.crowd, self.name = crowd, name
        self.got: dict[str, int] = {}
        self.cursor = ""
        self.transport: Any = None
        self.ready: asyncio.Future[None] | None = None
        self.code = 0
        self._data = b""
        self._is_open = False

    def connection_made(self, transport: Any) -> None:
        self.transport, self._data, self._is_open = transport, b"", False

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None
        if self.ready is not None and not self.ready.done():
            self.ready.set_exception(ConnectionError(f"closed while opening, code {self.code}"))

    def ask(self, path: str) -> None:
        """The handshake."""
        lines = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        self.transport.write(lines.encode() + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self.transport.close()
                return
            self._is_open, self._data = True, rest
        while (frame := self._frame()) is not None:
            self._take(*frame)

    def _frame(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        start, size = 2, data[1] & 127
        if size == 126:
            start, size = 4, int.from_bytes(data[2:4], "big")
        elif size == 127:
            start, size = 10, int.from_bytes(data[2:10], "big")
        if len(data) < start + size:
            return None
        self._data = data[start + size :]
        return data[0] & 15, data[start : start + size]

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self.code = int.from_bytes(payload[:2], "big")
            self.transport.close()
        elif opcode == TEXT:
            self._hear(json.loads(payload))

    def _hear(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "notification":
            item_id = message["notification"]["id"]
            self.got[item_id] = self.got.get(item_id, 0) + 1
            self.cursor = message["cursor"]
            self.crowd.heard(is_new=self.got[item_id] == 1)
        elif kind == "ping":
            self._send(TEXT, b'{"type":"pong"}')
        elif self.ready is not None and not self.ready.done():
            self.ready.set_result(None)

    def _send(self, opcode: int, payload: bytes) -> None:
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
        self.transport.write(bytes([128 | opcode, 128 | len(payload)]) + mask + masked)


class Crowd:
    """All clients of this process."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self.total = 0
        self.last_at = 0.0

    def heard(self, *, is_new: bool) -> None:
        """Count ids that a client did not have."""
        if is_new:
            self.total += 1
            self.last_at = time.time()

    async def connect(self, port: int, paths: dict[str, str]) -> float:
        """Open these sockets; each waits for its first message (the unread ones). Seconds it took."""
        gate, started = asyncio.Semaphore(AT_A_TIME), time.monotonic()
        await asyncio.gather(*(self._open(gate, port, name, path) for name, path in paths.items()))
        return time.monotonic() - started

    async def _open(self, gate: asyncio.Semaphore, port: int, name: str, path: str) -> None:
        client = self.clients.setdefault(name, Client(self, name))
        loop = asyncio.get_running_loop()
        async with gate:
            client.ready = loop.create_future()
            await loop.create_connection(lambda: client, "127.0.0.1", port)
            client.ask(f"{path}&after={client.cursor}" if client.cursor else path)
            await asyncio.wait_for(client.ready, PATIENCE)

    async def wait_for(self, total: int, seconds: float) -> tuple[int, float]:
        """Until so many ids came, or no longer than that; how many there are, and when the last came."""
        until = time.monotonic() + seconds
        while self.total < total and time.monotonic() < until:
            await asyncio.sleep(0.01)
        return self.total, self.last_at

    def drop(self, share: float, seed: int) -> list[str]:
        """Cut that share of the connections, without a word to the server; whose."""
        names = random.Random(seed).sample(sorted(self.clients), round(len(self.clients) * share))
        for name in names:
            if self.clients[name].transport is not None:
                self.clients[name].transport.abort()
        return names

    def report(self) -> tuple[dict[str, int], int, int]:
        """How many different ids each has, how often one came again, how many sockets are open."""
        clients = self.clients.values()
        repeats = sum(count - 1 for client in clients for count in client.got.values())
        open_count = sum(client.transport is not None for client in clients)
        return {client.name: len(client.got) for client in clients}, repeats, open_count


async def _obey(line: Connection) -> None:
    crowd, loop = Crowd(), asyncio.get_running_loop()
    while True:
        order, *values = await loop.run_in_executor(None, line.recv)
        if order == "end":
            return
        answer: Any = getattr(crowd, order)(*values)
        line.send(await answer if asyncio.iscoroutine(answer) else answer)


def run_clients(line: Connection) -> None:
    """A process of clients: does what it is told over the line until it is told to end."""
    asyncio.run(_obey(line))


def spread(things: Sequence[T], over: int) -> list[list[T]]:
    """Deal them out."""
    return [list(things[number::over]) for number in range(over)]
