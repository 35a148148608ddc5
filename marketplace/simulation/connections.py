"""JSON over HTTP/1.1 on kept connections of one host: a client so light that thousands of them fit one process."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def encoded(method: str, path: str, headers: Mapping[str, str], body: Any = None) -> bytes:
    """A request as it goes over the wire. A body is sent as JSON."""
    content = b"" if body is None else json.dumps(body).encode()
    named = {"Host": "127.0.0.1", "Content-Length": str(len(content)), **headers}
    if body is not None:
        named["Content-Type"] = "application/json"
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


class Connections:
    """Connections to one port of this machine, each used by one request at a time and kept for the next."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._port, self._host = port, host
        self._idle: list[Stream] = []

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Raises `OSError` and `asyncio.IncompleteReadError` when the server went away."""
        reader, writer = await self._connection()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return int(head[0].split()[1]), body

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop()[1].close()

    async def _connection(self) -> Stream:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
        return await asyncio.open_connection(self._host, self._port)
