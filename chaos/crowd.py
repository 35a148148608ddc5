"""Customers who bring money in and look at their wallets, over HTTP at a fixed rate, whatever happens behind the API.

Import only within a stage: Django has to be set up. Memory is bounded: answers are counted, not kept.
"""

import asyncio
import threading
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from bench import served
from funds.payments.models import Deposit
from funds.payments.services import request_deposit
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from scripts.openloop import Answer, Call, OpenLoop, percentile
from scripts.running import Running
from scripts.services import beat, relay, worker
from users import facade as users
from users.accounts.tokens import sign_access
from users.contracts import NewCustomer
from users.models import User

from .stage import Stage

CUSTOMERS: Final = 200
FUNDS: Final = "/api/v1/funds/"
INTENT: Final = {"amount": {"amount": "20.00", "currency": "MXN"}, "provider": "mercadopago"}


@dataclass
class Tally:
    """What was answered to one kind of request."""

    good: int
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))

    def hear(self, _number: int, answer: Answer) -> None:
        """Count it."""
        self.statuses[answer.status] += 1
        self.seconds.append(answer.seconds)

    @property
    def failed(self) -> int:
        """Everything but the one good status."""
        return self.statuses.total() - self.statuses[self.good]

    def line(self) -> str:
        """For people."""
        times = sorted(self.seconds)
        others = {status: count for status, count in self.statuses.items() if status != self.good}
        return (
            f"{self.statuses[self.good]} × {self.good}, {self.failed} failed {others or ''}, "
            f"p50 {percentile(times, 0.5):.0f} ms, p95 {percentile(times, 0.95):.0f} ms, "
            f"p99 {percentile(times, 0.99):.0f} ms"
        )


class Floor:
    """The processes of the served layout that money needs, each of which can be killed and started again."""

    def __init__(self, found: Stage) -> None:
        found.stack.enter_context(served.api(port=found.api_port))
        self.relay: Running = found.start(relay())
        self.worker: Running = found.start(worker("payments", "payments"))
        self.beat: Running = found.start(beat())


class Crowd:
    """Sends from a thread of its own, so that the script can break things meanwhile."""

    def __init__(self, port: int) -> None:
        ids = users.add_customers(NewCustomer(email=f"chaos{n}@example.com") for n in range(CUSTOMERS))
        self._ids, self._port = ids, port
        self._tokens = [sign_access(account) for account in User.objects.filter(pk__in=ids)]
        self.intents, self.looks = Tally(202), Tally(200)
        self._thread: threading.Thread | None = None
        self.earlier = 0

    def warm_up(self) -> None:
        """One deposit all the way: every process is up before anything is measured."""
        one = request_deposit(customer_id=self._ids[0], amount=Money(20_00, "MXN"), provider="mercadopago")
        while not Deposit.objects.filter(pk=one.pk, state=Deposit.State.CREDITED).exists():
            time.sleep(0.1)
        self.earlier = 1

    def begin(self, *, count: int, rate: float, looks: float = 5.0) -> None:
        """So many intents at that rate, and looks at wallets beside them, each a second."""

        async def both() -> None:
            await asyncio.gather(
                OpenLoop(self._port).run(self._intent, self.intents.hear, rate=rate, count=count),
                OpenLoop(self._port, connections=8).run(
                    self._look, self.looks.hear, rate=looks, count=int(count / rate * looks)
                ),
            )

        self._thread = threading.Thread(target=lambda: asyncio.run(both()), daemon=True)
        self._thread.start()

    @property
    def accepted(self) -> int:
        """Intents answered with 202, and the one of the warm-up."""
        return self.intents.statuses[202] + self.earlier

    @property
    def is_sending(self) -> bool:
        """Whether requests are still under way."""
        return self._thread is not None and self._thread.is_alive()

    def end(self) -> None:
        """Wait for the last answer."""
        if self._thread is not None:
            self._thread.join()

    def bearer(self, number: int) -> dict[str, str]:
        """The n-th customer's header."""
        return {"Authorization": f"Bearer {self._tokens[number % len(self._tokens)]}"}

    def _intent(self, number: int) -> Call:
        key: UUID = uuid7()
        return Call(FUNDS, {**self.bearer(number), "Idempotency-Key": key.hex}, INTENT)

    def _look(self, number: int) -> Call:
        return Call(FUNDS, self.bearer(number))
