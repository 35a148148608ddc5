"""A TCP proxy on loopback that plays a bad network between the product and PostgreSQL, Redis or a provider.

    with FaultProxy("127.0.0.1", 5432, seed=7) as proxy:
        proxy.play(Faults(latency=0.2, jitter=0.05))   # also for connections that are open
        ...
        proxy.play(CALM)

It runs in a thread of its own, needs nothing of the product, and passes bytes as they are. Faults hold until others are
played; a reset and a half-close fall upon the open connections at once and upon each new one as it comes.
"""

import asyncio
import random
import socket
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

CHUNK: Final = 65_536
PENDING: Final = 64
"""Chunks under way in one direction before the sender is made to wait."""
PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Faults:
    """What the network does. Everything may be combined; the default is a good network."""

    latency: float = 0.0
    """Seconds by which each answer is late."""
    jitter: float = 0.0
    """Up to so many seconds more or less; the order of bytes is kept."""
    bandwidth: int = 0
    """Bytes a second, of each connection and direction; 0: no limit."""
    slices: int = 0
    """Bytes pass in packets of this size at most; 0: as they come."""
    blackhole: bool = False
    """Nothing passes and nothing is closed; what was sent meanwhile arrives when it is over."""
    close_after: float | None = None
    """With `blackhole`: a connection that has waited so many seconds is closed."""
    reset_after: int | None = None
    """Connections are reset (RST) after so many bytes of answers; 0: at once."""
    half_close: bool = False
    """The server's side ends (FIN) and its answers are lost; what the client sends is still taken."""
    refuse: bool = False
    """Nobody listens: new connections are refused, open ones live on."""


CALM: Final = Faults()


class FaultProxy:
    """Forwards connections to one address; enter it to start. `seed` is that of the jitter."""

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        self.target = (host, port)
        self.port = 0
        self.accepted = 0
        self.faults = CALM
        self.dice = random.Random(seed)
        self.changed = asyncio.Event()
        self.links: set[_Link] = set()
        self._loop = asyncio.new_event_loop()
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        self.play(CALM)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def play(self, faults: Faults) -> None:
        """From now on, for open and for new connections. Returns when it holds; from any thread."""
        asyncio.run_coroutine_threadsafe(self._play(faults), self._loop).result(PATIENCE)

    def through(self, url: str) -> str:
        """The same address with this proxy in the place of host and port."""
        parts = urlsplit(url)
        account = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return parts._replace(netloc=f"{account}127.0.0.1:{self.port}").geturl()

    async def _play(self, faults: Faults) -> None:
        self.faults = faults
        self.changed.set()
        self.changed = asyncio.Event()
        if faults.refuse and self._listener is not None:
            self._listener.close()
            self._listener = None
        elif not faults.refuse and self._listener is None:
            self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
            self.port = self._listener.sockets[0].getsockname()[1]
        for link in list(self.links):
            link.obey(faults)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        link = _Link(self, reader, writer)
        self.links.add(link)
        try:
            link.obey(self.faults)
            await link.run()
        except asyncio.CancelledError:  # the proxy stops; a stream's task may not end as a cancelled one
            pass
        finally:
            link.close()
            self.links.discard(link)
            self._tasks.discard(task)

    async def _stop(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for task in set(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed is taken down in the loop's next round


class _Link:
    """One connection of a client and the one to the server that belongs to it."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._client = proxy, reader, writer
        self._server: asyncio.StreamWriter | None = None
        self._answered = 0
        self._half_closed = False

    def obey(self, faults: Faults) -> None:
        """What cannot wait for the next bytes."""
        if faults.reset_after is not None and self._answered >= faults.reset_after:
            self.reset()
        elif faults.half_close:
            self._half_closed = True  # for good: what was ended cannot speak again
            self._end(self._client)

    async def run(self) -> None:
        """Until both sides have ended, or one broke."""
        if self._client.is_closing():
            return
        with suppress(OSError):
            reader, self._server = await asyncio.open_connection(*self._proxy.target)
            ways = [self._carry(self._reader, self._server, is_answer=False)]
            ways.append(self._carry(reader, self._client, is_answer=True))
            tasks = [asyncio.create_task(way) for way in ways]
            try:
                await asyncio.gather(*tasks)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        """Read at once, write when it is due: latency delays bytes and does not slow them down."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PENDING)
        sender = asyncio.create_task(self._send(under_way, writer, is_answer=is_answer))
        try:
            content = b"."
            while content and not sender.done():
                content = await reader.read(CHUNK)
                await under_way.put((self._due(is_answer=is_answer), content))
            await sender
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _due(self, *, is_answer: bool) -> float:
        faults = self._proxy.faults
        late = faults.latency + self._proxy.dice.uniform(-faults.jitter, faults.jitter) if is_answer else 0.0
        return asyncio.get_running_loop().time() + max(0.0, late)

    async def _send(
        self, under_way: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, content = await under_way.get()
            await asyncio.sleep(due - loop.time())
            await self._pass_the_hole()
            if not content:
                self._end(writer)
                return
            for piece in self._pieces(content):
                await self._write(writer, piece, is_answer=is_answer)

    async def _write(self, writer: asyncio.StreamWriter, piece: bytes, *, is_answer: bool) -> None:
        faults = self._proxy.faults
        if is_answer and self._half_closed:
            return
        limit = faults.reset_after if is_answer else None
        room = len(piece) if limit is None else max(0, limit - self._answered)
        if faults.bandwidth:
            await asyncio.sleep(len(piece) / faults.bandwidth)
        writer.write(piece[:room])
        await writer.drain()
        self._answered += min(room, len(piece)) if is_answer else 0
        if limit is not None and self._answered >= limit:
            self.reset()
            raise ConnectionResetError
        if faults.slices:
            await asyncio.sleep(0.001)  # or the system sends several in one packet

    def _pieces(self, content: bytes) -> list[bytes]:
        faults = self._proxy.faults
        # A limit is kept piece by piece: a tenth of a second's worth each.
        size = min(faults.slices or len(content), max(1, faults.bandwidth // 10) if faults.bandwidth else len(content))
        return [content[start : start + size] for start in range(0, len(content), size)]

    async def _pass_the_hole(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while self._proxy.faults.blackhole:
            limit = self._proxy.faults.close_after
            try:
                async with asyncio.timeout_at(None if limit is None else began + limit):
                    await self._proxy.changed.wait()
            except TimeoutError as over:
                self.close()
                raise ConnectionAbortedError from over

    def reset(self) -> None:
        """RST to both sides."""
        for writer in self._writers():
            with suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()

    def close(self) -> None:
        """Both sides end."""
        for writer in self._writers():
            writer.close()

    @staticmethod
    def _end(writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, RuntimeError):
            if writer.can_write_eof() and not writer.is_closing():
                writer.write_eof()

    def _writers(self) -> list[asyncio.StreamWriter]:
        return [self._client] if self._server is None else [self._client, self._server]
