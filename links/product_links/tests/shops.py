"""Shops on loopback, for tests: what a host answers to each path, and every request that came."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.test import override_settings

from links.product_links import reading

ROBOTS = "User-agent: *\nDisallow: /private\n"


@dataclass
class Page:
    """One answer."""

    body: bytes | str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    # Writes the body itself, for drips and archives.
    write: Callable[[BaseHTTPRequestHandler], None] | None = None

    def sent_headers(self) -> dict[str, str]:
        return {"Content-Type": "text/html; charset=utf-8", **self.headers}


@dataclass(frozen=True)
class Asked:
    """One request."""

    host: str
    path: str
    at: float
    headers: dict[str, str]


class Shops:
    """Hosts that all live on one port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.pages: dict[tuple[str, str], Page] = {}
        self.asked: list[Asked] = []

    def put(self, url: str, page: Page | str) -> str:
        """Serve a page at that address; gives the address."""
        host, _slash, path = url.partition("://")[2].partition("/")
        self.pages[host, f"/{path}"] = page if isinstance(page, Page) else Page(page)
        return url

    def paths(self, host: str) -> list[str]:
        """What was asked of a host, without its rules."""
        return [each.path for each in self.asked if each.host == host and each.path != "/robots.txt"]


@contextlib.contextmanager
def serving(*hosts: str, seconds_per_host: float = 0.0) -> Iterator[Shops]:
    """Serve these hosts on loopback while the reader believes that they are on the internet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    shops = Shops(server.server_port)
    Handler.by_port[server.server_port] = shops
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    test_hosts = dict.fromkeys(hosts, server.server_port)
    try:
        with override_settings(LINK_TEST_HOSTS=test_hosts, LINK_SECONDS_PER_HOST=seconds_per_host):
            yield shops
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        del Handler.by_port[server.server_port]


class Handler(BaseHTTPRequestHandler):
    """Answers by host and path; rules that allow all but `/private` where none are given."""

    by_port: dict[int, Shops] = {}
    server: ThreadingHTTPServer

    def do_GET(self) -> None:
        """The page, or 404."""
        shops = self.by_port[self.server.server_port]
        host = self.headers.get("Host", "")
        shops.asked.append(Asked(host, self.path, time.monotonic(), dict(self.headers)))
        default = Page(ROBOTS) if self.path == "/robots.txt" else Page("<h1>404</h1>", 404)
        page = shops.pages.get((host, self.path), default)
        with contextlib.suppress(OSError):
            self.send_response(page.status)
            for name, value in page.sent_headers().items():
                self.send_header(name, value.encode().decode("latin-1"))
            self.end_headers()
            if page.write:
                page.write(self)
            else:
                self.wfile.write(page.body.encode() if isinstance(page.body, str) else page.body)

    def log_message(self, *arguments: object) -> None:
        """Quiet."""


def read_all(passes: int = 20) -> list[str]:
    """Read until nothing is due; what each attempt came to."""
    outcomes: list[str] = []
    for _pass in range(passes):
        taken = reading.take_due_pages()
        if not taken:
            break
        outcomes += [reading.read_page(page_id) for page_id in taken]
    return outcomes


def product(name: str = "Olla exprés", price: object = "1299.00", currency: str = "MXN", **offer: str) -> str:
    """A shop's page with its JSON-LD."""
    stated = ", ".join(f'"{key}": "{value}"' for key, value in offer.items())
    shown = f'"{price}"' if isinstance(price, str) else price
    return f"""<!doctype html><html lang="es"><head><meta charset="utf-8"><title>{name} | Tienda</title>
<script type="application/ld+json">{{"@context": "https://schema.org", "@type": "Product", "name": "{name}",
"image": "/olla.jpg", "offers": {{"@type": "Offer", "price": {shown}, "priceCurrency": "{currency}",
"availability": "https://schema.org/InStock"{", " + stated if stated else ""}}}}}</script></head>
<body><h1>{name}</h1></body></html>"""
