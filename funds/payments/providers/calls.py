"""HTTP to a provider: pooled connections, no retries or redirects, one deadline over all, answers of bounded size.

What went wrong is told by one question alone: had the request begun to leave? `NotSentError` (it had not: nothing can
have happened) or `NoAnswerError` (it had: anything may have happened).
"""

import io
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

CHUNK: Final = 64 * 1024


class NotSentError(Exception):
    """The request never began to leave this machine."""


class NoAnswerError(Exception):
    """The request was at least partly sent and no whole answer came back."""


@dataclass(slots=True)
class Limit:
    """The time that several requests share, and whether the one on its way has begun to leave."""

    seconds: float
    has_sent: bool = False
    _ends: float = field(init=False)

    def __post_init__(self) -> None:
        self._ends = time.monotonic() + self.seconds

    def remaining(self) -> float:
        """Seconds left. Raises `TimeoutError` once there are none."""
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {self.seconds:g} s")
        return left


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers (any case) and the decompressed body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Current(threading.local):
    limit: Limit | None = None


_current = _Current()


def _remaining(longest: float | None) -> float:
    limit = _current.limit
    left = limit.remaining() if limit else 3600.0
    return left if longest is None else min(longest, left)


class _LimitedReader(io.RawIOBase):
    """A socket's bytes, none of them later than the limit: a server that drips cannot stretch a call."""

    def __init__(self, raw: Any, connection: "_LimitedSocket") -> None:
        self._raw, self._connection = raw, connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.shorten()
        count: int = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _LimitedSocket:
    """A connected socket (TLS done) that notes when the request begins to leave."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._longest: float | None = sock.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def fileno(self) -> int:
        number: int = self._sock.fileno()
        return number

    def settimeout(self, seconds: float | None) -> None:
        self._longest = seconds
        self._sock.settimeout(seconds)

    def shorten(self) -> None:
        self._sock.settimeout(_remaining(self._longest))

    def sendall(self, data: Any, *flags: int) -> None:
        self.shorten()
        if _current.limit:
            _current.limit.has_sent = True
        self._sock.sendall(data, *flags)

    def makefile(self, *_modes: object, **_named: object) -> io.BufferedReader:
        return io.BufferedReader(_LimitedReader(self._sock.makefile("rb", buffering=0), self), CHUNK)


class _PlainConnection(HTTPConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _LimitedSocket(self.sock)


class _SecureConnection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.sock = _LimitedSocket(self.sock)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _LimitedAdapter(HTTPAdapter):
    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class _Bearer(AuthBase):
    """A bearer token."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Caller:
    """Requests to one provider; used by many threads. Certificates are always checked."""

    def __init__(self, *, token: str, connect: float, read: float, most_bytes: int, connections: int = 8) -> None:
        """Times in seconds: `connect` to one address, `read` between two packets. `most_bytes` of decompressed body."""
        self._connect, self._read, self._most_bytes = connect, read, most_bytes
        self._session = requests.Session()
        # No proxy, no `.netrc`: through a proxy's connection nobody would note when a request begins to leave.
        self._session.trust_env = False
        self._session.auth = _Bearer(token)
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, _LimitedAdapter(max_retries=0, pool_maxsize=connections))

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: Limit,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> Answer:
        """One request and its whole answer, before the limit ends. Raises `NotSentError` and `NoAnswerError`.

        Name resolution is the one part that no limit reaches (the system resolver's own time-outs hold there).
        """
        limit.has_sent = False
        try:
            with _under(limit):
                timeout = (_remaining(self._connect), _remaining(self._read))
                data = None if body is None else body.encode()
                with self._session.request(
                    method,
                    url,
                    params=params,
                    data=data,
                    headers=dict(headers),
                    timeout=timeout,
                    stream=True,
                    allow_redirects=False,
                ) as response:
                    return Answer(response.status_code, response.headers, self._whole(response))
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            reason = f"{type(error).__name__}: {error}"[:300]
            raise (NoAnswerError if limit.has_sent else NotSentError)(reason) from error

    def _whole(self, response: requests.Response) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(CHUNK):
            size += len(part)
            if size > self._most_bytes:
                raise ValueError(f"the answer is longer than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


@contextmanager
def _under(limit: Limit) -> Iterator[None]:
    _current.limit = limit
    try:
        yield
    finally:
        _current.limit = None
