"""A place on loopback for webhooks to arrive: what came in, as it came. Standard library only."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Arrived:
    """One webhook; header names in lower case, as a `NotifyingProvider` takes them."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers 200 to everything."""

    def __init__(self) -> None:
        self.arrived: SimpleQueue[Arrived] = SimpleQueue()
        queue = self.arrived

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                headers = {name.lower(): value for name, value in self.headers.items()}
                queue.put(Arrived(self.path, dict(parse_qsl(parts.query)), headers, body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/v1/funds/webhooks/mercadopago/"

    @contextmanager
    def running(self) -> Iterator["Receiver"]:
        """Receive from threads of this process."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(10)
