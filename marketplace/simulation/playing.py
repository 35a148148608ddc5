"""The minute itself: every visitor a task of its own, every answer recorded."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from .connections import Connections, encoded
from .plan import Visitor

RESERVATIONS = "/api/v1/promotions/promo-reservations/"
TRIES_AFTER = (1.0, 2.0, 4.0, 8.0)
"""Whoever finds every unit held asks again after so long; a person does not read Retry-After to the second."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One request: when it was sent (seconds from the start), what came of it, how long it took in seconds."""

    sent_at: float
    outcome: str
    seconds: float


@dataclass
class Minute:
    """Everything that happened. `told` are (seconds from the start, inbox rows by then)."""

    arrivals: list[float] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    told: list[tuple[float, int]] = field(default_factory=list)

    def of(self, outcome: str) -> list[float]:
        """When such answers were asked for."""
        return [answer.sent_at for answer in self.answers if answer.outcome == outcome]


class Player:
    """Plays visitors against a port. Token n belongs to visitor n."""

    def __init__(self, *, port: int, promo_id: UUID, tokens: Sequence[str], starts_at: float) -> None:
        """`starts_at` is the promotion's first moment as `time.time()` has it."""
        self._connections = Connections(port)
        self._promo_id, self._tokens, self._starts_at = promo_id, tokens, starts_at
        self._ends_at = 0.0
        self.minute = Minute()

    def play(self, visitors: Sequence[Visitor], *, seconds: float, count_told: Callable[[], int]) -> Minute:
        """Play them all, and watch the inboxes fill; returns when the last visitor has left."""
        self._ends_at = seconds
        asyncio.run(self._play(visitors, count_told))
        return self.minute

    async def _play(self, visitors: Sequence[Visitor], count_told: Callable[[], int]) -> None:
        watcher = asyncio.create_task(self._watch(count_told))
        await asyncio.gather(*(self._visit(visitor) for visitor in visitors))
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        self._connections.close()

    def _now(self) -> float:
        return time.time() - self._starts_at

    async def _watch(self, count_told: Callable[[], int]) -> None:
        while True:
            count = await asyncio.to_thread(count_told)
            self.minute.told.append((self._now(), count))
            await asyncio.sleep(0.1)

    async def _visit(self, visitor: Visitor) -> None:
        await asyncio.sleep(max(0.0, visitor.arrives_at - self._now()))
        arrived = self._now()
        self.minute.arrivals.append(arrived)
        for pause in (*TRIES_AFTER, *[TRIES_AFTER[-1]] * 20):
            outcome, answer = await self._post(visitor, RESERVATIONS, {"promo": str(self._promo_id)})
            if outcome in {"reserved", "again"}:
                await self._decide(visitor, answer["id"])
                return
            if outcome != "promo_already_held" or self._now() + pause > self._ends_at:
                return
            if self._now() - arrived > visitor.patience_seconds:
                return
            await asyncio.sleep(pause)

    async def _decide(self, visitor: Visitor, reservation: str) -> None:
        if not visitor.pays:
            return
        await asyncio.sleep(visitor.thinks_seconds)
        await self._post(visitor, f"{RESERVATIONS}{reservation}/complete/", {})

    async def _post(self, visitor: Visitor, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        headers = {"Authorization": f"Bearer {self._tokens[visitor.number]}", "Idempotency-Key": uuid4().hex}
        sent_at = self._now()
        try:
            status, content = await self._connections.send(encoded("POST", path, headers, body))
        except (OSError, asyncio.IncompleteReadError):
            status, content = 0, b"{}"
        answer: dict[str, Any] = json.loads(content or b"{}")
        outcome = _outcome(status, answer, is_payment=path.endswith("/complete/"))
        self.minute.answers.append(Answer(sent_at, outcome, self._now() - sent_at))
        return outcome, answer


def _outcome(status: int, answer: dict[str, Any], *, is_payment: bool) -> str:
    match status:
        case 200 if is_payment:
            return "paid"
        case 201:
            return "reserved"
        case 200:
            return "again"
    return str(answer.get("code", status))
