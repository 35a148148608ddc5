"""Webhooks as Mercado Pago sends them: signed query, unsigned body. Standard library only."""

import hashlib
import hmac
import json
import queue
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class Webhook:
    """One notification, ready to be sent or handed to a reader. Header names in lower case."""

    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


def webhook(
    *, secret: str, payment_id: object, ts: str | None = None, request_id: str | None = None, topic: str = "payment"
) -> Webhook:
    """Signed with `secret`; `ts` in seconds unless given."""
    known, moment, request = str(payment_id), ts or str(int(time.time())), request_id or str(uuid4())
    manifest = f"id:{known};request-id:{request};ts:{moment};"
    digest = hmac.new(secret.encode(), manifest.encode(), hashlib.sha256).hexdigest()
    body = {
        "id": int(uuid4()) % 10**12,
        "live_mode": True,
        "type": topic,
        "date_created": time.strftime("%Y-%m-%dT%H:%M:%S.000+00:00", time.gmtime()),
        "user_id": 123456789,
        "api_version": "v1",
        "action": f"{topic}.updated",
        "data": {"id": known},
    }
    headers = {
        "content-type": "application/json",
        "x-request-id": request,
        "x-signature": f"ts={moment},v1={digest}",
    }
    return Webhook({"data.id": known, "type": topic}, headers, json.dumps(body).encode())


class Sender:
    """Sends in a thread of its own, in order; counts the answers. Nothing waits for it."""

    def __init__(self, *, url: str, secret: str) -> None:
        self.url, self.secret = url, secret
        self.answers: dict[str, int] = {}
        self._waiting: queue.SimpleQueue[Webhook | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def send(self, payment_id: object, *, times: int = 1, forged: bool = False, **other: Any) -> None:
        made = webhook(secret="not-the-secret" if forged else self.secret, payment_id=payment_id, **other)
        for _ in range(times):
            self._waiting.put(made)

    def close(self) -> None:
        self._waiting.put(None)
        self._thread.join(10)

    def _run(self) -> None:
        while (made := self._waiting.get()) is not None:
            answer = deliver(self.url, made)
            self.answers[answer] = self.answers.get(answer, 0) + 1


def deliver(url: str, made: Webhook) -> str:
    """POST it; the status, or what went wrong."""
    query = "&".join(f"{name}={value}" for name, value in made.query.items())
    target = f"{url}{'&' if '?' in url else '?'}{query}"
    request = urllib.request.Request(target, data=made.body, headers=made.headers, method="POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=22) as response:  # noqa: S310
            return str(response.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return type(error).__name__
