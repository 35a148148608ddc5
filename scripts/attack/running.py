"""The attack in this process, through Django's test client: each request on the same rows, undone afterwards."""

import logging
import random
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client, override_settings

from marketplace.tests.world import World

from .judging import troubles
from .mutations import foreign, hostile, plain
from .operations import Operation, operations
from .people import REFUSED_TOKENS, Cast, assemble, is_house, passes
from .shots import Answer, Finding, Shot, last_line
from .watching import Rows

_SUCCESS = range(200, 300)
_REFUSED = 400
_DEFECT = 500


@dataclass(slots=True)
class Tally:
    """What was sent, what was wrong, which operations somebody got through to."""

    findings: list[Finding] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    reached: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)

    @property
    def requests(self) -> int:
        """How many."""
        return self.statuses.total()

    def kinds(self) -> list[Finding]:
        """One finding of each kind and route: the same defect by twenty values is one."""
        first: dict[tuple[str, str], Finding] = {}
        for each in self.findings:
            first.setdefault((each.route, each.what), each)
        return list(first.values())


class LogHeard(logging.Handler):
    """Collects what is logged while a request is answered, as it would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Message, and the text of a traceback."""
        error = record.exc_info[1] if record.exc_info else None
        self.lines.append(record.getMessage() + ("".join(traceback.format_exception(error)) if error else ""))


class Attack:
    """Everybody against some operations. All of it happens inside the caller's transaction."""

    def __init__(self, world: World, *, seed: int, at_most: int = 0) -> None:
        self.world, self.seed, self.at_most = world, seed, at_most
        self.cast: Cast = assemble(world)
        self.rows = Rows()
        self.rows.prepare()
        self.tally = Tally()
        self._heard = LogHeard()
        self._client = Client(raise_request_exception=False)
        self._trace = ""

    def run(self, pattern: str = "", *, share: float = 1.0) -> Tally:
        """Attack the operations whose names the pattern is found in, or a share of them that the seed draws."""
        drawn = random.Random(self.seed)
        with self.listening():
            for operation in operations(pattern):
                if drawn.random() >= share:
                    continue
                for cache in caches.all(initialized_only=True):
                    cache.clear()
                self._attack(operation)
        return self.tally

    def _attack(self, operation: Operation) -> None:
        # Of the route alone, so that one route with the same seed is attacked as in the whole.
        rng = random.Random(f"{self.seed} {operation.name}")
        self.tally.tried.add(operation.name)
        inside = [who for who in self.cast.callers if passes(operation.who, who)]
        outside = [who for who in self.cast.callers if who not in inside]
        for who in self._few(self.cast.callers, rng):
            self.send(operation, who, plain(operation, self.world))
        shots = self._some(hostile(operation, self.world, rng), rng)
        preferred = [who for who in ("owner", "keeper", "administrator") if who in inside] or inside
        for shot in shots:
            self.send(operation, rng.choice(preferred), shot)
        for who in self._few(outside, rng):
            self.send(operation, who, rng.choice(shots))
        if operation.is_write:
            for who in self._few(sorted({"stranger", "merchant", "unverified"} & set(inside)), rng):
                for shot in self._some(foreign(operation, self.world, rng), rng):
                    self.send(operation, who, shot)
        if operation.wants_key:
            self._steal_an_answer(operation)

    def _some(self, shots: Iterable[Shot], rng: random.Random) -> list[Shot]:
        every = list(shots)
        return rng.sample(every, min(self.at_most, len(every))) if self.at_most else every

    def _few(self, people: list[str], rng: random.Random) -> list[str]:
        """Everybody; of a small attack so many as there are requests of each kind, and one more."""
        return rng.sample(people, min(self.at_most + 1, len(people))) if self.at_most else people

    def _steal_an_answer(self, operation: Operation) -> None:
        """Another's idempotency key with another's body: the stored answer is its caller's alone."""
        shot = plain(operation, self.world)
        with self._undone():
            if self._ask("owner", shot).status not in _SUCCESS:
                return
            for who in ("stranger", "unverified", "staff", *REFUSED_TOKENS):
                answer = self._ask(who, shot)
                self._note(operation, who, shot, answer)
                if "Idempotency-Replayed" in answer.headers:
                    self._find(operation, who, "gets another's stored answer", shot)

    def send(self, operation: Operation, who: str, shot: Shot) -> None:
        """One request, judged by its answer and by what it did to the rows."""
        self._heard.lines.clear()
        with self._undone(), self.rows.watched():
            answer = self._ask(who, shot)
            for what in self._done(operation, who, shot, answer):
                self._find(operation, who, what, shot)
        self._note(operation, who, shot, answer)

    def _note(self, operation: Operation, who: str, shot: Shot, answer: Answer) -> None:
        self.tally.statuses[answer.status] += 1
        if answer.status in _SUCCESS:
            self.tally.reached.add(operation.name)
        for what in troubles(operation, who, shot, answer, self.cast.secrets):
            self._find(operation, who, what, shot)
        logged = "\n".join(self._heard.lines)
        if any(token in logged for token in self.cast.tokens):
            self._find(operation, who, "a token is in the log", shot)
        if self.world.owner.email in logged:
            self._find(operation, who, "an address is in the log", shot)

    def _done(self, operation: Operation, who: str, shot: Shot, answer: Answer) -> Iterator[str]:
        if not self.rows.written:
            return
        if answer.status >= _REFUSED:
            if changed := self.rows.changed():
                yield f"{answer.status}, and yet changed {', '.join(changed)}"
            return
        if shot.planted and (held := self.rows.holding(shot.planted)):
            yield f"stores what it did not ask for: {', '.join(held)}"
        if not is_house(operation.who, who) and (missing := self.rows.missing(self.world.owner.pk.hex)):
            yield f"changes the owner's rows in {', '.join(missing)}"
        if who != "administrator" and self.rows.raised():
            yield "makes somebody staff"

    def _find(self, operation: Operation, who: str, what: str, shot: Shot) -> None:
        self.tally.findings.append(Finding(operation.name, who, what, shot))

    def _ask(self, who: str, shot: Shot) -> Answer:
        self._trace = ""
        headers = {**self.cast.headers[who], **shot.headers}
        self._client.cookies.clear()
        return ask(self._client, shot, headers, lambda: self._trace)

    def visit(self, page: str, who: str, client: Client, shot: Shot) -> None:
        """A page for people: it may refuse as it likes, but not break."""
        with self._undone():
            self._trace = ""
            answer = ask(client, shot, shot.headers, lambda: self._trace)
        self.tally.statuses[answer.status] += 1
        if answer.status >= _DEFECT:
            self.tally.findings.append(Finding(page, who, f"{answer.status} {answer.trace}", shot))

    @contextmanager
    def _undone(self) -> Iterator[None]:
        # Not an atomic block: each request must look like a transaction of its own to the lock order.
        start = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(start)

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Without limits of rate, for they would hide the rest; defects and the log are heard, and not printed."""
        root, django = logging.getLogger(), logging.getLogger("django.request")
        before = root.handlers[:], root.level, django.propagate
        root.handlers, django.propagate = [self._heard], True
        root.setLevel(logging.INFO)
        got_request_exception.connect(self._defect)
        rates = dict.fromkeys(settings.THROTTLE_RATES, "1000000000/day")
        try:
            with override_settings(THROTTLE_RATES=rates, SERVE_MEDIA=True):
                yield
        finally:
            got_request_exception.disconnect(self._defect)
            root.handlers, django.propagate = before[0], before[2]
            root.setLevel(before[1])

    def _defect(self, **_signal: Any) -> None:
        self._trace = last_line(traceback.format_exc())


def ask(client: Client, shot: Shot, headers: dict[str, str], trace: Any = str) -> Answer:
    """Send it; what the client itself cannot stand is an answer of status 599."""
    try:
        response: Any = client.generic(
            shot.method, shot.url, shot.body, content_type=shot.content_type, headers=headers
        )
        body = response.getvalue() if hasattr(response, "getvalue") else response.content
    except Exception as error:  # whatever it is, it is a finding
        return Answer(599, "", "", trace=last_line(traceback.format_exc()) or repr(error))
    return Answer(
        status=response.status_code,
        content_type=response.headers.get("Content-Type", ""),
        body=body.decode("utf-8", "replace"),
        headers={name: str(value) for name, value in response.headers.items()},
        trace=trace(),
    )
