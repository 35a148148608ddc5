"""Many clients on kept-alive connections, in a process that costs the server little: answers are counted, not read.

Requests are prepared bytes over asyncio streams, so that the crowd takes as little as it can of the cores it shares.
"""

import asyncio
import json
import time
from collections import Counter
from typing import Any

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Crowd:
    """One client for each token, all posting to one path."""

    def __init__(self, port: int, path: str, tokens: list[str]) -> None:
        self._port, self._path, self._tokens = port, path, tokens

    def once(self, body: dict[str, Any]) -> Counter[int]:
        """Everybody asks once, all at the same moment; how many got which status."""
        return asyncio.run(self._all(body, 0.0))

    def for_seconds(self, body: dict[str, Any], seconds: float) -> tuple[Counter[int], float]:
        """Everybody asks again and again; the statuses, and answers a second."""
        started = time.perf_counter()
        answers = asyncio.run(self._all(body, seconds))
        return answers, answers.total() / (time.perf_counter() - started)

    async def _all(self, body: dict[str, Any], seconds: float) -> Counter[int]:
        answers: Counter[int] = Counter()
        streams = [await asyncio.open_connection("127.0.0.1", self._port) for _ in self._tokens]
        until = time.monotonic() + seconds
        await asyncio.gather(
            *(
                self._client(stream, self._request(body, token), until, answers)
                for stream, token in zip(streams, self._tokens, strict=True)
            )
        )
        return answers

    def _request(self, body: dict[str, Any], token: str) -> bytes:
        content = json.dumps(body)
        return (
            f"POST {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}"
        ).encode()

    async def _client(self, stream: Stream, request: bytes, until: float, answers: Counter[int]) -> None:
        reader, writer = stream
        while True:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lower = head.lower()
            start = lower.index(b"content-length:") + len(b"content-length:")
            await reader.readexactly(int(lower[start : lower.index(b"\r\n", start)]))
            answers[int(head[9:12])] += 1
            if time.monotonic() >= until:
                break
        writer.close()
