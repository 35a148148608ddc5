"""The same requests over HTTP at a running server: no rows are looked at, nobody is signed in without a token."""

import http.client
import random
import time
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from marketplace.core.ids import uuid7
from marketplace.tests.world import World
from users.models import User

from .judging import troubles
from .mutations import hostile, plain
from .operations import Operation, operations
from .running import Tally
from .shots import Answer, Finding, Shot
from .whole import report

TIMEOUT: Final = 30.0
_UNSENT: Final = 0


def attack_there(url: str, *, seed: int, pattern: str, at_most: int, tokens: dict[str, str]) -> int:
    """Attack a server; `tokens` by caller's name (`owner=…`). 1 when something was found."""
    started = time.monotonic()
    callers = {"anonymous": {}, "garbage": {"Authorization": "Bearer a.b.c"}} | {
        name: {"Authorization": f"Bearer {token}"} for name, token in tokens.items()
    }
    tally = Tally()
    for operation in operations(pattern):
        world = nobody_in(operation)
        rng = random.Random(f"{seed} {operation.name}")
        tally.tried.add(operation.name)
        shots = list(hostile(operation, world, rng))
        for shot in [plain(operation, world), *(rng.sample(shots, min(at_most or 20, len(shots))))]:
            for who, headers in callers.items():
                _one(url, operation, who, shot, headers, tally)
    return report(tally, seed=seed, seconds=time.monotonic() - started, base=url)


def nobody_in(operation: Operation) -> World:
    """A world whose ids are of nothing that is there."""
    made = {name: uuid7() for name in [*operation.parameters, "pk"]}
    words = [word for word in operation.path.split("/") if word and "{" not in word]
    ids: dict[str, dict[str, UUID]] = {word.replace("clients-", "client-"): made for word in words}
    return World(owner=User(pk=uuid7(), email="nobody@example.com"), people={}, ids=ids)


def _one(url: str, operation: Operation, who: str, shot: Shot, headers: dict[str, str], tally: Tally) -> None:
    answer = send(url, shot, {**headers, **shot.headers})
    if answer.status == _UNSENT:
        return
    tally.statuses[answer.status] += 1
    if answer.status in range(200, 300):
        tally.reached.add(operation.name)
    # What a web server or the HTTP library refuses by itself never came to us; it has no request id of ours.
    is_ours = any(name.lower() == "x-request-id" for name in answer.headers)
    for what in troubles(operation, who, shot, answer, ()):
        if is_ours or "problem" not in what:
            tally.findings.append(Finding(operation.name, who, what, shot))


def send(url: str, shot: Shot, headers: dict[str, str]) -> Answer:
    """One request on a connection of its own. Status 0: it cannot be said in HTTP; 599: no answer came."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=TIMEOUT)
    try:
        connection.request(shot.method, shot.url, shot.body or None, {"Content-Type": shot.content_type, **headers})
    except (ValueError, UnicodeError):
        connection.close()
        return Answer(_UNSENT, "", "")
    except OSError:
        pass  # it may have answered before it had read everything
    try:
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return Answer(response.status, response.headers.get("Content-Type", ""), body, dict(response.headers.items()))
    except (OSError, http.client.HTTPException) as error:
        return Answer(599, "", "", trace=f"no answer: {type(error).__name__}")
    finally:
        connection.close()
