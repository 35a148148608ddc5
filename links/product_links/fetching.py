"""Reading one address of a stranger's shop: bounded in size, time and redirects, HTML only, nothing of ours in it."""

import contextlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

import requests
from django.conf import settings
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError
from w3lib.encoding import html_to_unicode

from .addresses import Address, AddressRefusedError, read_request_address
from .connections import current_deadline, new_session
from .deadline import Deadline, TooSlowError

MOST_BYTES: Final = 2_000_000
MOST_ROBOTS_BYTES: Final = 500_000
SECONDS: Final = 10.0
MOST_REDIRECTS: Final = 3
HTML: Final = ("text/html", "application/xhtml+xml")

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_CHUNK: Final = 65_536
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came."""

    url: str
    content_type: str
    text: str


class FetchError(Exception):
    """It could not be read. `is_final`: the same would happen again, so nobody tries before long."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: requests.structures.CaseInsensitiveDict[str]
    body: bytes


def fetch_page(address: Address, *, before_each: Callable[[Address], None]) -> Fetched:
    """Read a page, following at most three redirects; `before_each` is told every address before it is asked.

    Each address is refused or allowed anew, by its form and by where its name leads at that moment. At most 2 MB after
    unpacking, 10 s in all. Raises `FetchError`, and what `before_each` raises.
    """
    with _deadline(SECONDS):
        for _hop in range(MOST_REDIRECTS + 1):
            before_each(address)
            answer = _ask(address, accept=", ".join(HTML), most=MOST_BYTES, types=HTML)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                return _page(address, answer)
            address = _target(address, answer.headers["Location"])
        raise FetchError("too_many_redirects", is_final=True)


def fetch_robots(host: str, scheme: str) -> str:
    """A host's robots.txt; empty where it has none (any 4xx, and redirects to another site).

    Raises `FetchError`: as long as a host's rules are not known, nothing of it is read.
    """
    address = Address(f"{scheme}://{host}/robots.txt", host)
    with _deadline(SECONDS):
        for _hop in range(MOST_REDIRECTS + 1):
            answer = _ask(address, accept="text/plain, */*;q=0.1", most=MOST_ROBOTS_BYTES, types=(), cut=True)
            if answer.status not in _REDIRECTS or "Location" not in answer.headers:
                break
            address = _target(address, answer.headers["Location"])
            if address.host != host:
                return ""
    if 200 <= answer.status < 300:
        return answer.body.decode("utf-8", "replace").replace("\x00", "")
    if 400 <= answer.status < 500 and answer.status != 429:
        return ""
    raise FetchError("robots_unavailable")


@contextlib.contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    with Deadline(seconds) as deadline:
        token = current_deadline.set(deadline)
        try:
            yield
        except TooSlowError as error:
            raise FetchError("too_slow") from error
        finally:
            current_deadline.reset(token)


def _target(address: Address, location: str) -> Address:
    try:
        # Header bytes beyond ASCII arrive as Latin-1, and are UTF-8 where somebody writes them.
        text = location.encode("latin-1", "replace").decode("utf-8", "replace")
        return read_request_address(urljoin(address.url, text))
    except (AddressRefusedError, ValueError) as error:
        raise FetchError("address_refused", is_final=True) from error


def _ask(address: Address, *, accept: str, most: int, types: tuple[str, ...], cut: bool = False) -> _Answer:
    """One request. The body is read only where it is wanted: success, and a type that was asked for."""
    deadline = current_deadline.get()
    headers = {"Accept": accept, "Accept-Encoding": "gzip", "Accept-Language": "es, en;q=0.8, *;q=0.5"}
    try:
        with new_session() as session:
            limits = (min(5.0, deadline.left()), deadline.left())
            with session.get(address.url, headers=headers, stream=True, timeout=limits) as response:
                deadline.left()  # headers that were cut look like headers that ended
                body = b""
                if 200 <= response.status_code < 300:
                    _expect_type(response, types)
                    body = _body(response, deadline, most=most, cut=cut)
                return _Answer(response.status_code, response.headers, body)
    except InvalidIPAddress as error:
        raise FetchError("host_not_public", is_final=True) from error
    except (requests.RequestException, HTTPError, OSError, ValueError) as error:
        deadline.left()  # what failed because the time was up is too slow
        raise FetchError(_why(error)) from error


def _why(error: Exception) -> str:
    text = str(error)
    if "Failed to resolve" in text or isinstance(error, UnicodeError):
        return "host_unknown"
    return "too_slow" if isinstance(error, requests.Timeout) or "timed out" in text else "unreachable"


def _expect_type(response: requests.Response, types: tuple[str, ...]) -> None:
    named = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if types and named not in types:
        raise FetchError("not_html", is_final=True)


def _body(response: requests.Response, deadline: Deadline, *, most: int, cut: bool) -> bytes:
    """Unpacked as it comes, never more than the limit at once: a small archive may hold any amount of zeros."""
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    if packing not in {"", "identity", "gzip", "x-gzip", "deflate"}:
        raise FetchError("bad_encoding", is_final=True)
    unpack = zlib.decompressobj(_GZIP_OR_ZLIB) if packing not in {"", "identity"} else None
    body, received = bytearray(), 0
    while chunk := response.raw.read(_CHUNK, decode_content=False):
        deadline.left()
        received += len(chunk)
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise FetchError("bad_encoding", is_final=True) from error
        if len(body) > most or received > most:
            if cut:
                return bytes(body[:most])
            raise FetchError("too_large", is_final=True)
    deadline.left()  # a connection that was cut looks like one that ended
    return bytes(body)


def _page(address: Address, answer: _Answer) -> Fetched:
    match answer.status:
        case 200 | 203:
            kind = answer.headers.get("Content-Type", "")[:100]
            return Fetched(address.url, kind, decode(kind, answer.body))
        case 404 | 410:
            raise FetchError("not_found")
        case 429 | 503:
            raise FetchError("shop_busy")
        case status if 400 <= status < 500:
            raise FetchError("not_allowed")
    raise FetchError("shop_error")


def decode(content_type: str, body: bytes) -> str:
    """The text by its mark, the header, the page's own word, else UTF-8; Windows-1252 where that is wrong."""
    charset, text = html_to_unicode(content_type, body, default_encoding="utf-8")
    if charset == "utf-8" and "\ufffd" in text and not any(letter > "\x7f" for letter in text.replace("\ufffd", "")):
        text = body.decode("cp1252", "replace")
    return text.replace("\x00", "")


def user_agent_name() -> str:
    """How the reader is called in robots.txt: the first word of its user agent, without the version."""
    return str(settings.LINK_USER_AGENT).partition("/")[0].strip() or "*"
