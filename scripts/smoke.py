"""Is a shop served as it should be? Asks from outside, like anybody, through whatever stands in front of it.

    python scripts/smoke.py https://shop.example

Health, readiness with a tick of beat, a static file, a picture, a WebSocket, closed doors. Changes nothing. Needs the
standard library alone; SSL_CERT_FILE names an authority of one's own. Ends with 1 at the first thing that is not right.
"""

import base64
import http.client
import json
import os
import re
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

PATIENCE_SECONDS = 150
PAUSE_SECONDS = 1.0
ANSWER_SECONDS = 20


class NotRightError(Exception):
    """What was found instead of what was expected."""


@dataclass(frozen=True)
class Answer:
    """Status, headers in small letters, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Shop:
    """A served shop by its address."""

    scheme: str
    host: str
    port: int

    @property
    def origin(self) -> str:
        """As a browser names it: without the scheme's usual port."""
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")

    def ask(self, path: str, headers: dict[str, str] | None = None) -> Answer:
        """GET, on a connection of its own. A protocol switch ends with its headers."""
        connection = self._connection()
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            body = b"" if answer.status == http.HTTPStatus.SWITCHING_PROTOCOLS else answer.read()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, body)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        if self.scheme == "http":
            return http.client.HTTPConnection(self.host, self.port, timeout=ANSWER_SECONDS)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(self.host, self.port, timeout=ANSWER_SECONDS, context=context)


def shop_at(address: str) -> Shop:
    """Raises SystemExit where that is no address of a shop."""
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"}:
        raise SystemExit(f"smoke: {address} is not like https://shop.example")
    return Shop(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))


def expect(answer: Answer, status: int, what: str) -> Answer:
    """The answer, if it has this status."""
    if answer.status != status:
        raise NotRightError(f"{what}: {answer.status} instead of {status}: {answer.body[:200]!r}")
    return answer


def alive(shop: Shop) -> str:
    """/healthz: a process answers."""
    expect(shop.ask("/healthz"), 200, "/healthz")
    return "answers"


def ready(shop: Shop) -> str:
    """/readyz: database, cache, broker, outbox, deliveries and beat, all `ok`; waits for the first tick of beat."""
    checks = expect(shop.ask("/readyz"), 200, "/readyz").json["checks"]
    if amiss := {name: says for name, says in checks.items() if says != "ok"}:
        raise NotRightError(f"/readyz: {amiss}")
    return ", ".join(checks)


def static_file(shop: Shop) -> str:
    """A stylesheet of the back office's log-in page, by its name with a hash."""
    page = expect(shop.ask("/admin/login/"), 200, "/admin/login/").body.decode()
    found = re.search(r'href="(/static/[^"]+\.[0-9a-f]{12}\.css)"', page)
    if found is None:
        raise NotRightError("the log-in page names no collected stylesheet")
    answer = expect(shop.ask(found[1]), 200, found[1])
    if not answer.headers.get("content-type", "").startswith("text/css") or not answer.body:
        raise NotRightError(f"{found[1]} is {answer.headers.get('content-type')} of {len(answer.body)} bytes")
    return found[1]


def picture(shop: Shop) -> str:
    """A product's picture, from the address that the API gives; its folder cannot be left."""
    path = "/api/v1/market/products/?page_size=50"
    products = expect(shop.ask(path), 200, path).json["results"]
    addresses = [product["thumbnail"] for product in products if product.get("thumbnail")]
    if not addresses:
        return "no product of the first page has one"
    path = urlsplit(str(addresses[0])).path
    answer = expect(shop.ask(path), 200, path)
    if not answer.headers.get("content-type", "").startswith("image/"):
        raise NotRightError(f"{path} is {answer.headers.get('content-type')}")
    if "immutable" not in answer.headers.get("cache-control", ""):
        raise NotRightError(f"{path} may not be kept: {answer.headers.get('cache-control')}")
    return path


def web_socket(shop: Shop) -> str:
    """The upgrade reaches the process behind /ws/, for pages of the shop and for no others."""
    path = "/ws/promotions/00000000-0000-0000-0000-000000000000/"
    asked = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }  # fmt: skip
    answer = expect(shop.ask(path, {**asked, "Origin": shop.origin}), 101, path)
    if answer.headers.get("upgrade", "").lower() != "websocket":
        raise NotRightError(f"{path} was upgraded to {answer.headers.get('upgrade')}")
    stranger = shop.ask(path, {**asked, "Origin": "https://stranger.invalid"})
    if stranger.status == http.HTTPStatus.SWITCHING_PROTOCOLS:
        raise NotRightError(f"{path} opens for a page of https://stranger.invalid")
    return path


def closed(shop: Shop) -> str:
    """Figures are nobody's business outside, machines have another door, and another shop's name is refused."""
    figures = shop.ask("/metrics").status
    if figures == http.HTTPStatus.OK:
        raise NotRightError("/metrics is open to the world")
    expect(shop.ask("/healthz", {"Host": "other.invalid"}), 400, "/healthz under the name other.invalid")
    if shop.scheme == "https":
        expect(shop.ask("/api/v1/internal/"), 404, "/api/v1/internal/")
    return f"/metrics {figures}, other names 400"


CHECKS: dict[str, Callable[[Shop], str]] = {
    "alive": alive, "ready": ready, "static file": static_file, "picture": picture, "socket": web_socket,
    "closed doors": closed,
}  # fmt: skip
# What may become right by waiting.
PATIENT = frozenset({"alive", "ready"})


def patiently(check: Callable[[Shop], str], shop: Shop, patience: float) -> str:
    """What the check says; asked again until it is right or the patience ends."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return check(shop)
        except (NotRightError, OSError, http.client.HTTPException):
            if time.monotonic() >= deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def main() -> int:
    """Command line: one address."""
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    shop = shop_at(sys.argv[1])
    for name, check in CHECKS.items():
        try:
            said = patiently(check, shop, PATIENCE_SECONDS if name in PATIENT else 0)
        except (NotRightError, OSError, http.client.HTTPException, ValueError, KeyError) as error:
            print(f"smoke: {name:<13} NOT RIGHT: {error}", flush=True)
            return 1
        print(f"smoke: {name:<13} {said}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
