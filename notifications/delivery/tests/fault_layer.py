"""Amazon's two services on this machine (moto's server, a process), and in front of it a layer that misbehaves.

It throttles calls, fails entries inside answers that go well, accepts calls without answering them, or hears nothing at
all; and it counts what was accepted, which is what arrives.
"""

import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import boto3

THROTTLED_XML = (
    b'<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>Throttling</Code>'
    b"<Message>Rate exceeded</Message></Error><RequestId>x</RequestId></ErrorResponse>"
)
THROTTLED_JSON = b'{"__type": "com.amazonaws.sqs#ThrottlingException", "message": "Rate exceeded"}'


class Moto:
    """The server, for as long as a test session needs it."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **quiet)
        deadline = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < deadline, "moto's server does not start"
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/moto-api/")
            return connection.getresponse().status == 200
        except OSError:
            return False

    def warm_up(self) -> None:
        """It loads each service at the first call, which takes longer than the product waits."""
        for service, call in (("sns", "list_topics"), ("sqs", "list_queues")):
            options = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
            client = boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.port}", **options)
            getattr(client, call)()

    def stop(self) -> None:
        """And everything in it is gone."""
        self._process.terminate()
        self._process.wait(10)


@dataclass
class Faults:
    """Shares of calls or entries; and each how manieth call that was accepted is not answered, for how long."""

    throttled: float = 0.0
    failed: float = 0.0
    unanswered_each: int = 0
    silence_seconds: float = 5.0
    is_deaf: bool = False


class FaultLayer:
    """An HTTP server in front of moto's; its address is what the product takes for Amazon."""

    def __init__(self, upstream: int, seed: int) -> None:
        self.faults = Faults()
        self.accepted: Counter[str] = Counter()
        self.injected: Counter[str] = Counter()
        self._random, self._lock, self._upstream = random.Random(seed), threading.Lock(), upstream
        layer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are written apart; without this each answer waits 40 ms for the client's acknowledgement.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                layer.handle(self)

            def log_message(self, *_args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Nobody answers any more, on connections that are open neither."""
        self.faults.is_deaf, self.faults.silence_seconds = True, 0
        self._server.shutdown()
        self._server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """One call of the product."""
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        action = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        form = {} if action else {name: values[0] for name, values in parse_qs(body.decode()).items()}
        action = action or form.get("Action", "")
        if self.faults.is_deaf:
            time.sleep(self.faults.silence_seconds)
            request.close_connection = True
            return
        counts = action in {"Publish", "SendMessageBatch"}
        if counts and self._hits("throttled", self.faults.throttled):
            _answer(request, 400, THROTTLED_JSON if action == "SendMessageBatch" else THROTTLED_XML)
            return
        lost: list[dict[str, Any]] = []
        if action == "SendMessageBatch":
            body, lost = self._lose_entries(body)
        status, answer, kind = self._forward(request, body, is_empty=action == "SendMessageBatch" and not body)
        if action == "Publish" and status == 200:
            with self._lock:
                self.accepted[form.get("TargetArn") or form["PhoneNumber"]] += 1
        if lost:
            said = json.loads(answer)
            answer = json.dumps({**said, "Failed": [*said.get("Failed", []), *lost]}).encode()
        if counts and self._is_unanswered():
            time.sleep(self.faults.silence_seconds)
            request.close_connection = True
            return
        _answer(request, status, answer, kind)

    def _hits(self, name: str, share: float) -> bool:
        with self._lock:
            if self._random.random() >= share:
                return False
            self.injected[name] += 1
            return True

    def _is_unanswered(self) -> bool:
        with self._lock:
            self.injected["calls"] += 1
            each = self.faults.unanswered_each
            is_hit = bool(each) and self.injected["calls"] % each == 0
            self.injected["unanswered"] += is_hit
            return is_hit

    def _lose_entries(self, body: bytes) -> tuple[bytes, list[dict[str, Any]]]:
        asked = json.loads(body)
        lost = [entry["Id"] for entry in asked["Entries"] if self._hits("failed", self.faults.failed)]
        kept = [entry for entry in asked["Entries"] if entry["Id"] not in lost]
        said = [{"Id": each, "SenderFault": False, "Code": "InternalError", "Message": "later"} for each in lost]
        return (json.dumps({**asked, "Entries": kept}).encode() if kept else b""), said

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes, *, is_empty: bool) -> tuple[int, bytes, str]:
        if is_empty:
            return 200, b'{"Successful": []}', "application/x-amz-json-1.0"
        connection = HTTPConnection("127.0.0.1", self._upstream, timeout=60)
        dropped = {"content-length", "connection", "expect"}
        headers = {name: value for name, value in request.headers.items() if name.lower() not in dropped}
        connection.request("POST", request.path, body, {**headers, "Content-Length": str(len(body))})
        answer = connection.getresponse()
        found = answer.status, answer.read(), answer.headers.get("Content-Type", "text/xml")
        connection.close()
        return found


def _answer(request: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "text/xml") -> None:
    try:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
    except OSError:
        request.close_connection = True  # whoever asked has gone
