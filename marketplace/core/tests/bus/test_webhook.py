"""Signed webhooks against a receiver on this machine that checks them as docs/event-bus.md tells it to."""

import hashlib
import hmac
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from marketplace.core.bus.envelope import Envelope
from marketplace.core.bus.errors import BusOutError, RefusedError
from marketplace.core.bus.pump import drain_bus
from marketplace.core.bus.webhook import WebhookTransport
from marketplace.core.signatures import SIGNATURE_HEADER, sign
from marketplace.core.tests.bus.conftest import move
from marketplace.settings.env import BASE_DIR

[RECEIVER] = re.findall(r"```python\n(.*?)```", (BASE_DIR / "docs" / "event-bus.md").read_text("utf-8"), re.DOTALL)
SECRET = "a-secret-of-tests-0123456789-0123456789"
MESSAGE = Envelope("id-1", "probe.moved", "a", '{"id":"id-1","name":"Ñandú"}'.encode())


class Receiver(HTTPServer):
    """Keeps what came; answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.came: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.url = f"http://127.0.0.1:{self.server_port}/events"


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver

    def do_POST(self) -> None:
        """Keep it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((dict(self.headers), body))
        self.send_response(self.server.status)
        if 300 <= self.server.status < 400:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(settings):
    settings.EVENT_BUS_SECRET = SECRET
    with Receiver() as server:
        settings.EVENT_BUS_URL = server.url
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def transport(receiver):
    made = WebhookTransport(receiver.url)
    yield made
    made.close()


@pytest.fixture
def is_ours():
    """The function of the page."""
    names: dict[str, Any] = {}
    exec(compile(RECEIVER, "docs/event-bus.md", "exec"), names)  # noqa: S102 - our own page
    return names["is_ours"]


@pytest.mark.django_db(transaction=True)
def test_events_arrive_signed_in_order_and_the_pages_receiver_believes_them(receiver, is_ours):
    move("a 1", "b 2")

    assert drain_bus() == 2

    assert [b'"number":1' in body for _, body in receiver.came] == [True, False]
    for headers, body in receiver.came:
        assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
        assert is_ours(headers[SIGNATURE_HEADER], body, SECRET)
        assert not is_ours(headers[SIGNATURE_HEADER], body + b" ", SECRET)
        assert not is_ours(headers[SIGNATURE_HEADER], body, SECRET + "x")


def test_a_signature_is_over_the_moment_too_and_old_ones_are_not_believed(is_ours):
    now = int(time.time())
    fresh, old = sign(SECRET, now, b"{}"), sign(SECRET, now - 301, b"{}")

    assert is_ours(fresh, b"{}", SECRET)
    assert not is_ours(old, b"{}", SECRET)
    assert not is_ours(old.replace(str(now - 301), str(now)), b"{}", SECRET)
    assert not any(is_ours(odd, b"{}", SECRET) for odd in ("", "t=,v1=", "t=²,v1=00", "v1=00", f"t={now}"))


def test_the_signature_is_plain_hmac_sha256():
    expected = hmac.new(b"key", b"1796040000.body", hashlib.sha256).hexdigest()

    assert sign("key", 1796040000, b"body") == f"t=1796040000,v1={expected}"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 413, 422, 500, 501])
def test_an_answer_about_the_message_is_a_refusal(receiver, transport, status):
    receiver.status = status

    with pytest.raises(RefusedError, match=str(status)):
        transport.send(MESSAGE)

    assert len(receiver.came) == 1  # a redirect was not followed


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_a_receiver_that_cannot_answer_now_is_out(receiver, transport, status):
    receiver.status = status

    with pytest.raises(BusOutError, match=str(status)):
        transport.send(MESSAGE)


def test_a_receiver_that_went_and_came_back_is_found_again(receiver, transport):
    transport.send(MESSAGE)
    gone = WebhookTransport("http://127.0.0.1:9/events")  # nobody listens on the discard port

    with pytest.raises(BusOutError, match="ConnectionError"):
        gone.send(MESSAGE)
    transport.close()
    transport.send(MESSAGE)

    assert [body for _, body in receiver.came] == [MESSAGE.body] * 2


def test_the_machines_proxy_is_not_asked(receiver, transport, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")

    transport.send(MESSAGE)

    assert len(receiver.came) == 1
