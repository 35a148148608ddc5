"""Refusals of the inventory."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


@dataclass(frozen=True, slots=True)
class Shortage:
    """A stock item that cannot give what was asked."""

    variant_id: UUID
    store_id: UUID
    requested: int
    available: int


class InsufficientStockError(DomainError):
    """Less is there than was asked. Says the first item in front and every one in `lines`."""

    code = "insufficient_stock"
    message = gettext_noop("Only %(available)s of the %(requested)s asked for are available.")

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        first = shortages[0]
        super().__init__(
            variant=first.variant_id,
            store=first.store_id,
            requested=first.requested,
            available=max(0, first.available),
            lines=[
                {
                    "variant": each.variant_id,
                    "store": each.store_id,
                    "requested": each.requested,
                    "available": max(0, each.available),
                }
                for each in shortages
            ],
        )


class StockLimitError(DomainError):
    """More than a shelf holds; most likely a slip of the keyboard."""

    code = "stock_limit"
    message = gettext_noop("A stock item holds at most %(limit)s.")


class StockKeyReusedError(DomainError):
    """The key of a stock movement was used for something else before."""

    code = "stock_key_reused"
    kind = ErrorKind.UNPROCESSABLE
    message = gettext_noop("This key was used for another stock movement.")


class UnknownStockError(DomainError):
    """The store does not sell that variant."""

    code = "not_found"
    kind = ErrorKind.NOT_FOUND
    message = gettext_noop("The store has no such variant.")


class StockOpenError(DomainError):
    """The variant has its stock item already; receive or adjust there."""

    code = "stock_open"
    message = gettext_noop("This variant is on its shelf already.")
