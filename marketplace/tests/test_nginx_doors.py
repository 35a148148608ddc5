"""nginx itself with the files of deploy/nginx, in front of an application that answers with what reached it."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from marketplace.settings.env import BASE_DIR
from scripts.deployment import nginx
from scripts.deployment.tools import ToolMissingError

pytestmark = pytest.mark.once

FORGED = {
    "Host": "shop.example",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil",
}


class Echo(BaseHTTPRequestHandler):
    """The headers of a request as its answer."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *arguments: object) -> None:
        """Silence."""


@dataclass(frozen=True)
class Front:
    """nginx with one of the doors open."""

    folder: Path
    ports: dict[int, int]

    def ask(
        self, port: int, path: str, method: str = "GET", body: bytes | None = None, caller: bool = False
    ) -> tuple[int, str, str]:
        """Status, body and where to, with forged headers; as a machine with a certificate when `caller`."""
        connection = self.connect(port, caller)
        try:
            connection.request(method, path, body, FORGED)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), answer.getheader("Location", "")
        finally:
            connection.close()

    def flood(self, port: int, path: str, times: int) -> list[int]:
        """Statuses of requests on one connection, so that no handshake slows them down."""
        connection = self.connect(port, caller=False)
        statuses = []
        for _ in range(times):
            connection.request("POST", path, None, FORGED)
            answer = connection.getresponse()
            answer.read()
            statuses.append(answer.status)
        connection.close()
        return statuses

    def connect(self, port: int, caller: bool) -> http.client.HTTPConnection:
        """With TLS where the port speaks it."""
        if port not in (443, 8443):
            return http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=10)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if caller:
            context.load_cert_chain(self.folder / "ssl/caller.pem", self.folder / "ssl/caller.key")
        return http.client.HTTPSConnection("127.0.0.1", self.ports[port], timeout=10, context=context)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
def upstream() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=nginx.DOORS)
def front(request: pytest.FixtureRequest, upstream: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    try:
        program = nginx.nginx()
    except ToolMissingError as error:
        if os.environ.get("REQUIRE_SERVICES") == "1":
            raise
        pytest.skip(str(error))
    front = Front(tmp_path_factory.mktemp("nginx"), {port: free_port() for port in (80, 443, 8080, 8443)})
    nginx.localise(BASE_DIR, front.folder, front.ports, upstream)
    main = nginx.main_file(request.param, front.folder)
    command = [program, "-p", str(front.folder), "-c", str(main)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        await_port(front.ports[8080 if request.param == "compose.conf" else 443])
        yield front
        process.terminate()
    shutil.rmtree(front.folder)


def await_port(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not open its port")


def public(front: Front) -> int:
    """The port of the site: with HTTPS, or compose's."""
    return 443 if (front.folder / "nginx-tls.conf").exists() else 8080


PLACES = [
    "/",
    "/api/v1/events/",
    "/api/v1/auth/token/",
    "/ws/inbox/",
    "/static/a.css",
    "/admin/",
    "/api/v1/market/imports/",
]


@pytest.mark.parametrize("path", PLACES)
def test_no_forged_header_reaches_the_application(front: Front, path: str) -> None:
    status, body, _ = front.ask(public(front), path)

    reached = json.loads(body)
    assert status == 200
    assert reached["x-forwarded-for"] == "127.0.0.1"
    assert reached["x-forwarded-proto"] == ("https" if public(front) == 443 else "http")
    assert reached["host"] == "shop.example"
    assert "x-forwarded-host" not in reached


def test_bodies_are_as_large_as_the_application_takes(front: Front) -> None:
    most = 2_621_440

    taken = front.ask(public(front), "/api/v1/users/me/", "POST", b"x" * most)
    refused = front.ask(public(front), "/api/v1/users/me/", "POST", b"x" * (most + 1))
    a_catalogue = front.ask(public(front), "/api/v1/market/imports/", "POST", b"x" * 8_000_000)

    assert (taken[0], refused[0], a_catalogue[0]) == (200, 413, 200)


def test_a_flood_of_sign_ins_is_stopped_and_nobody_else(front: Front) -> None:
    answers = front.flood(public(front), "/api/v1/auth/token/", 120)
    meanwhile = front.ask(public(front), "/api/v1/market/products/")

    assert 429 in answers
    assert meanwhile[0] == 200


# Compose's door is plain HTTP.
@pytest.mark.parametrize("front", [door for door in nginx.DOORS if door != "compose.conf"], indirect=True)
def test_http_leads_to_https_and_machines_have_their_own_door(front: Front) -> None:
    internal = "/api/v1/internal/scoring/run/"

    plain = front.ask(80, "/docs/?a=b")
    in_public = front.ask(443, internal, "POST")
    unknown = front.ask(8443, internal, "POST")
    known = front.ask(8443, internal, "POST", caller=True)
    elsewhere = front.ask(8443, "/api/v1/market/products/", caller=True)

    assert plain[::2] == (301, "https://shop.example/docs/?a=b")
    assert (in_public[0], unknown[0], known[0], elsewhere[0]) == (404, 400, 200, 404)
    assert front.ask(443, "/metrics")[0] == 404
