"""A provider in this process: approves every deposit at once, needs no account and no network.

Deterministic: the payment's id follows from the key. Should the process die and forget, the same key again gives the
same payment, as a real provider's idempotency does.
"""

from collections import OrderedDict
from datetime import UTC, datetime
from threading import Lock
from typing import Final
from uuid import UUID

from marketplace.core.money import Money

from .protocol import Checkout, PaymentReading, ReadingState

REMEMBERED: Final = 10_000


class SandboxProvider:
    """Remembers the latest checkouts, so that asking by reference works while the process lives."""

    name: str = "sandbox"

    def __init__(self) -> None:
        self._known: OrderedDict[UUID, Checkout] = OrderedDict()
        self._lock = Lock()

    def start_deposit(self, *, key: UUID, reference: UUID, amount: Money) -> Checkout:
        """Approve it."""
        with self._lock:
            known = self._known.get(reference)
            if known is not None:
                return known
            payment = PaymentReading(f"sandbox-{key}", reference, ReadingState.APPROVED, amount, datetime.now(UTC))
            checkout = Checkout(checkout_url="", payments=(payment,))
            self._known[reference] = checkout
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
            return checkout

    def find_checkout(self, *, reference: UUID) -> Checkout | None:
        """What was approved under the reference."""
        with self._lock:
            return self._known.get(reference)
