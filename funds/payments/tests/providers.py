"""A provider at the outer edge that does what the test says: accepts and dies, times out, refuses, answers nonsense."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, cast
from uuid import UUID

from funds.payments.providers.protocol import Checkout, PayoutReading, RefundReading
from funds.payments.providers.sandbox import SandboxProvider
from marketplace.core.money import Money

AnswerT = TypeVar("AnswerT")


class Killed(BaseException):
    """The worker's process is gone at this very point."""


class ScriptedProvider(SandboxProvider):
    """Remembers what it accepted, by idempotency key, as the real ones do. `before` and `after` may raise."""

    def __init__(
        self, *, before: Callable[[], None] | None = None, after: Callable[[], None] | None = None, urls: bool = False
    ) -> None:
        super().__init__()
        self.before, self.after, self.urls = before, after, urls
        self.accepted: dict[UUID, object] = {}
        self.calls: list[str] = []

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money, expires_at: datetime | None) -> Checkout:
        self.calls.append("start")
        checkout = self.carry_out(
            key,
            lambda: super(ScriptedProvider, self).start_deposit(
                key=key, reference=reference, amount=amount, expires_at=expires_at
            ),
        )
        return Checkout("https://pay.example/1", ()) if self.urls else checkout

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        self.calls.append("find")
        return super().find_checkout(reference=reference)

    def refund_payment(self, *, key: UUID, payment_id: str, amount: Money) -> RefundReading:
        self.calls.append("refund")
        return self.carry_out(
            key, lambda: super(ScriptedProvider, self).refund_payment(key=key, payment_id=payment_id, amount=amount)
        )

    def start_payout(self, *, key: UUID, reference: UUID, amount: Money, destination: str) -> PayoutReading:
        self.calls.append("payout")
        return self.carry_out(
            key,
            lambda: super(ScriptedProvider, self).start_payout(
                key=key, reference=reference, amount=amount, destination=destination
            ),
        )

    def find_payout(self, *, reference: UUID) -> PayoutReading | None:
        self.calls.append("find payout")
        return super().find_payout(reference=reference)

    def carry_out(self, key: UUID, act: Callable[[], AnswerT]) -> AnswerT:
        if self.before:
            self.before()
        answer = self.accepted.setdefault(key, act())
        if self.after:
            self.after()
        return cast(AnswerT, answer)


def raising(error: BaseException) -> Callable[[], None]:
    """A step that fails."""

    def step() -> None:
        raise error

    return step
