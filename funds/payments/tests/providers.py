"""A provider at the outer edge that does what the test says: accepts and dies, times out, refuses, answers nonsense."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from funds.payments.providers.protocol import Checkout, PaymentReading, ReadingState
from marketplace.core.money import Money


class Killed(BaseException):
    """The worker's process is gone at this very point."""


class ScriptedProvider:
    """Remembers what it accepted, by idempotency key, as the real ones do. `before` and `after` may raise."""

    name = "sandbox"

    def __init__(
        self, *, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None, urls: bool = False
    ) -> None:
        self.before, self.after, self.urls = before, after, urls
        self.accepted: dict[UUID, Checkout] = {}
        self.references: dict[UUID, Checkout] = {}
        self.calls: list[str] = []

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money) -> Checkout:
        self.calls.append("start")
        if self.before:
            self.before()
        payment = PaymentReading(f"pay-{key}", reference, ReadingState.APPROVED, amount, datetime.now(UTC))
        checkout = Checkout("https://pay.example/1" if self.urls else "", () if self.urls else (payment,))
        self.accepted.setdefault(key, checkout)
        self.references.setdefault(reference, checkout)
        if self.after:
            self.after()
        return self.accepted[key]

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        self.calls.append("find")
        return self.references.get(reference)


def raising(error: BaseException) -> Callable[[], None]:
    """A step that fails."""

    def step() -> None:
        raise error

    return step
