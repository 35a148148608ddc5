"""A fake Mercado Pago over real HTTP on loopback: the API's wire format, its idempotency, and any fault on request.

    python -m funds.payments.tests.mercadopago.server --port 9100 \\
        [--token T] [--webhook URL --secret S] [--auto-approve]

Runs alone, so what it knows survives the death of whoever calls it. Standard library only. Beside the API there is
`/control/`: `state`, `requests`, `faults`, `pay`, `payments/{id}`, `refund`, `webhook`, `reset` (see `control`).
"""

import argparse
import json
import re
import signal
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from .faults import Fault, Faults, reset
from .notifications import Sender
from .state import Account, RefusedError

TOKEN = "TEST-token-of-the-fake"
KEPT_REQUESTS = 2_000
KEPT_KEYS = 300_000
MOST_KEPT = 65_536

Act = Callable[[], tuple[int, Any]]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as it came in: names and order of headers as sent, the body byte by byte."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    answer: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class FakeMercadoPago:
    """The server and its levers, for tests in the same process; the same levers are under `/control/`."""

    def __init__(
        self, *, port: int = 0, token: str = TOKEN, webhook: str = "", secret: str = "", auto_approve: bool = False
    ) -> None:
        self.token, self.auto_approve = token, auto_approve
        self.faults = Faults()
        self.requests: deque[Recorded] = deque(maxlen=KEPT_REQUESTS)
        self.sender = Sender(url=webhook, secret=secret) if webhook else None
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.fake = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.account = Account(base_url=self.url, changed=self._tell)
        self.keys: dict[str, tuple[bytes, int, bytes] | None] = {}
        self.keys_lock = threading.Lock()
        self.faults.clear()
        self.requests.clear()

    @contextmanager
    def running(self) -> Iterator["FakeMercadoPago"]:
        """Serve from threads of this process."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stop()
            thread.join(10)

    def serve(self) -> None:
        """Serve from this thread until `stop`."""
        self._server.serve_forever(poll_interval=0.2)

    def stop(self) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        if self.sender:
            self.sender.close()

    def _tell(self, payment_id: int) -> None:
        if self.sender:
            self.sender.send(payment_id)

    # --- the API

    def answer(self, method: str, path: str, query: dict[str, str], body: dict[str, Any]) -> tuple[int, Any]:
        """Act on one authorised request."""
        for verb, pattern, act in ROUTES:
            found = re.fullmatch(pattern, path) if verb == method else None
            if found:
                return act(self, query, body, *found.groups())
        raise RefusedError(404, "not_found", f"resource {path} not found")

    def keyed(self, key: str | None, method: str, path: str, raw: bytes, act: Act) -> tuple[int, bytes]:
        """The same key again: the same answer, 423 while it is being made, 409 for another request.

        Payments and refunds only, where the reference asks for `X-Idempotency-Key`; for preferences it is silent, so
        the fake takes the worse case there. What a repeated key with another body gets is not public: 409 by the SDK's
        table of errors.
        """
        if method != "POST" or not path.startswith("/v1/payments"):
            return _rendered(act)
        if not key:
            return _rendered_error(RefusedError(400, "bad_request", "Header X-Idempotency-Key can't be null", 4292))
        name, content = f"{path} {key}", raw
        with self.keys_lock:
            if name in self.keys:
                return _repeated(self.keys[name], content)
            self.keys[name] = None
        status, answer = _rendered(act)
        with self.keys_lock:
            if status < 500 and len(self.keys) < KEPT_KEYS:
                self.keys[name] = (content, status, answer)
            else:
                del self.keys[name]
        return status, answer

    def prefer(self, body: dict[str, Any]) -> dict[str, Any]:
        """A preference; with auto-approve, one customer pays one purchase once, however many links were made for it."""
        made = self.account.create_preference(body)
        with self.account.lock:
            if self.auto_approve and not self.account.is_paid(made["external_reference"]):
                self.account.pay(made["id"])
        return made

    def pay_directly(self, body: dict[str, Any]) -> dict[str, Any]:
        """A payment without a preference."""
        made = self.account.add_payment(
            reference=body.get("external_reference"),
            amount=Decimal(body["transaction_amount"]),
            currency=body.get("currency_id", "MXN"),
            status="approved",
            collector=self.account.collector,
        )
        return self.account.shown_payment(made)

    # --- the levers

    def control(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """GET state, requests; POST and a JSON object for everything else.

        faults {kind, method, path, times, after, …}; calm {} (none from now on);
        pay {preference_id or external_reference, status, …}; payments/{id} {status}; refund {payment_id, amount};
        refunds/{id} {status}; webhook {payment_id, times, forged}; reset {}.
        """
        account = self.account
        match (method, *path.removeprefix("/control/").split("/")):
            case ("GET", "state"):
                sent = self.sender.answers if self.sender else {}
                return 200, {**account.totals(), "keys": len(self.keys), "webhooks": sent}
            case ("GET", "requests"):
                return 200, [{"method": r.method, "path": r.path, "status": r.status} for r in self.requests]
            case ("POST", "faults"):
                self.faults.plan(**body)
            case ("POST", "calm"):
                self.faults.clear()
            case ("POST", "pay"):
                known = body.pop("preference_id", None) or self._latest(body.pop("external_reference"))
                return 201, account.shown_payment(account.pay(known, **body))
            case ("POST", "payments", known):
                return 200, account.shown_payment(account.change_payment(known, body["status"]))
            case ("POST", "refunds", known):
                account.settle_refund(int(known), body["status"])
            case ("POST", "refund"):
                return 201, account.refund(str(body.pop("payment_id")), body)
            case ("POST", "webhook"):
                if self.sender:
                    self.sender.send(body.pop("payment_id"), **body)
            case ("POST", "reset"):
                self.reset()
            case _:
                raise RefusedError(404, "not_found", path)
        return 200, {}

    def _latest(self, reference: str) -> str:
        found = self.account.search_preferences({"external_reference": reference})["elements"]
        if not found:
            raise RefusedError(404, "not_found", "no preference under the reference")
        known: str = found[-1]["id"]
        return known


ROUTES: list[tuple[str, str, Callable[..., tuple[int, Any]]]] = [
    ("POST", "/checkout/preferences", lambda fake, _, body: (201, fake.prefer(body))),
    ("GET", "/checkout/preferences/search", lambda fake, query, _: (200, fake.account.search_preferences(query))),
    (
        "GET",
        "/checkout/preferences/([^/]+)",
        lambda fake, _q, _b, known: (200, fake.account.preference_numbered(known)),
    ),
    ("PUT", "/checkout/preferences/([^/]+)", lambda fake, _, b, known: (200, fake.account.update_preference(known, b))),
    ("POST", "/v1/payments", lambda fake, _, body: (201, fake.pay_directly(body))),
    ("GET", "/v1/payments/search", lambda fake, query, _: (200, fake.account.search_payments(query))),
    ("GET", "/v1/payments/([^/]+)", lambda fake, _q, _b, known: (200, fake.account.payment_numbered(known))),
    ("PUT", "/v1/payments/([^/]+)", lambda fake, _, body, known: (200, fake.account.cancel_payment(known, body))),
    ("POST", "/v1/payments/([^/]+)/refunds", lambda fake, _, body, known: (201, fake.account.refund(known, body))),
    ("GET", "/v1/payments/([^/]+)/refunds", lambda fake, _q, _b, known: (200, fake.account.refunds_of(known))),
    ("GET", "/v1/payments/([^/]+)/refunds/([^/]+)", lambda f, _q, _b, *ids: (200, f.account.refund_numbered(*ids))),
]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    fake: FakeMercadoPago

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Silent: `/control/requests` knows."""

    def __getattr__(self, name: str) -> Any:
        """`do_GET`, `do_POST` and the others are one."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        fake = self.server.fake  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        if parts.path.startswith("/control/"):
            self._reply(*_rendered(lambda: fake.control(self.command, parts.path, _json(raw))))
            return
        fault = fake.faults.take(self.command, parts.path)
        if fault and not fault.after and self._misbehave(fault, b" " * 100):
            self._record(parts, raw, 0, b"")
            return
        status, answer = self._act(fake, parts, raw, fault)
        self._record(parts, raw, status, answer)
        if fault is None or not self._misbehave(fault, answer):
            self._reply(status, answer)

    def _act(self, fake: FakeMercadoPago, parts: Any, raw: bytes, fault: Fault | None) -> tuple[int, bytes]:
        if self.headers.get("Authorization") != f"Bearer {fake.token}":
            return _rendered_error(RefusedError(401, "unauthorized", "invalid access token", 401))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        key = self.headers.get("X-Idempotency-Key")

        def act() -> tuple[int, Any]:
            if fault and fault.kind == "in_process":
                return 201, fake.account.refund(parts.path.split("/")[3], _json(raw), status="in_process")
            return fake.answer(self.command, parts.path, query, _json(raw))

        first = fake.keyed(key, self.command, parts.path, raw, act)
        return _rendered(act) if fault and fault.kind == "twice" else first

    def _record(self, parts: Any, raw: bytes, status: int, answer: bytes) -> None:
        fake = self.server.fake  # type: ignore[attr-defined]
        sent = tuple((name, value) for name, value in self.headers.items())
        fake.requests.append(
            Recorded(self.command, parts.path, parts.query, sent, raw[:MOST_KEPT], status, answer[:MOST_KEPT])
        )

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        named = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self.wfile.write(f"HTTP/1.1 {status} {self.responses.get(status, ('?',))[0]}\r\n{lines}\r\n".encode() + body)

    def _misbehave(self, fault: Fault, answer: bytes) -> bool:
        """Go wrong as told; False where the true answer still goes out."""
        fake = self.server.fake  # type: ignore[attr-defined]
        if fault.kind in {"twice", "in_process"}:
            return False
        if fault.kind == "delay":
            fake.stopping.wait(fault.seconds)
            return False
        if fault.kind == "status":
            self._reply(fault.status, fault.body.encode(), fault.headers)
            return True
        if fault.kind in WRONG:
            self._reply(200, WRONG[fault.kind])
            return True
        self.close_connection = True
        with suppress(OSError):
            _break(self, fake, fault, answer)
        return True


WRONG = {"garbage": b"<html>gateway</html>", "wrong_type": b'{"id": {}, "status": 7}', "not_an_object": b"7"}


def _break(handler: _Handler, fake: FakeMercadoPago, fault: Fault, answer: bytes) -> None:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    if fault.kind == "hang":
        fake.stopping.wait(fault.seconds)
    elif fault.kind == "reset":
        reset(handler.connection)
    elif fault.kind == "half_close":
        handler.connection.shutdown(socket.SHUT_WR)
        fake.stopping.wait(min(fault.seconds, 1.0))
    elif fault.kind == "truncate":
        handler.wfile.write(f"{head}{len(answer)}\r\n\r\n".encode() + answer[: len(answer) // 2])
    elif fault.kind == "drip":
        handler.wfile.write(f"{head}{len(answer)}\r\n\r\n".encode())
        for byte in answer:
            handler.wfile.write(bytes([byte]))
            if fake.stopping.wait(0.1):
                return
    else:
        handler.wfile.write(f"{head}{64 * 2**20}\r\n\r\n".encode())
        for _ in range(64):
            handler.wfile.write(b" " * 2**20)


def _json(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw or b"{}", parse_float=Decimal)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RefusedError(400, "bad_request", "Params Error", 1)
    return body


def _rendered(act: Act) -> tuple[int, bytes]:
    try:
        status, shown = act()
    except RefusedError as refused:
        return _rendered_error(refused)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return _rendered_error(RefusedError(400, "bad_request", "Params Error", 1))
    return status, json.dumps(shown).encode()


def _rendered_error(refused: RefusedError) -> tuple[int, bytes]:
    return refused.status, json.dumps(refused.body).encode()


def _repeated(known: tuple[bytes, int, bytes] | None, content: bytes) -> tuple[int, bytes]:
    if known is None:
        return _rendered_error(RefusedError(423, "locked", "The idempotency key is locked"))
    if known[0] != content:
        return _rendered_error(RefusedError(409, "conflict", "The idempotency key was used for another request"))
    return known[1], known[2]


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--webhook", default="", help="where signed notifications go")
    parser.add_argument("--secret", default="", help="of their signature")
    parser.add_argument("--auto-approve", action="store_true", help="whatever can be paid is paid at once")
    options = parser.parse_args()
    fake = FakeMercadoPago(
        port=options.port,
        token=options.token,
        webhook=options.webhook,
        secret=options.secret,
        auto_approve=options.auto_approve,
    )
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=fake.stop).start())
    print(f"fake Mercado Pago on {fake.url}", flush=True)  # noqa: T201 - a program
    with suppress(KeyboardInterrupt):
        fake.serve()


if __name__ == "__main__":
    main()
