"""The port to the engines that move money, and what an engine answers instead of writing."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from marketplace.core.money import Money

from .errors import InsufficientFundsError
from .terms import CaptureOrder, HoldOrder, Placed, Posted, Transfer


class LedgerEngine(Protocol):
    """One implementation per way of moving money; the contract suite runs over all of them.

    Every method locks strict accounts in ascending id and lazy ones never, checks everything before it writes, and is
    one transaction by itself or part of the caller's.
    """

    def post(self, transfer: Transfer) -> Posted:
        """Post a journal once per (scope, key).

        Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError`.
        """

    def post_many(self, transfers: Sequence[Transfer]) -> list[Posted]:
        """Post journals of different keys, all or nothing; what was posted for each, in order.

        What arrives in the batch cannot be spent in it; postings are numbered, and running balances told, in order.
        Lazy accounts get one delta for the whole batch: a delta names no journal, and the fewer there are the sooner
        they are rolled up. Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError`.
        """

    def place_hold(self, order: HoldOrder) -> Placed:
        """Set money aside. Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError`."""

    def capture_hold(self, order: CaptureOrder) -> Posted:
        """Pay a hold or part of it to its payee.

        Raises `UnknownHoldError`, `HoldNotActiveError`, `CaptureExceedsHoldError`, `KeyReusedError`.
        """

    def hold_and_capture(self, order: HoldOrder, capture: CaptureOrder) -> tuple[Placed, Posted]:
        """Set money aside and pay all of it at once, under a key that no hold has used.

        Raises `InsufficientFundsError`, `KeyReusedError`, `UnknownAccountError`.
        """

    def release_hold(self, hold_id: UUID) -> None:
        """Free what is left of a hold; harmless twice. Raises `UnknownHoldError`, `HoldNotActiveError`."""


def insufficient(missing: int, currency: str) -> InsufficientFundsError:
    """The refusal, with the missing amount in major units."""
    return InsufficientFundsError(missing=f"{Money(missing, currency).decimal:f}", currency=currency)
