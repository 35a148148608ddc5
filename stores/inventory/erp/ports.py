"""What an ERP tells us, whatever it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class ErpRow:
    """What the ERP knows of a SKU in a store (by slug): a cost, a counted stock, or both. None: it does not say."""

    line: int
    store_slug: str
    sku: str
    cost: Money | None = None
    on_hand: int | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken over, and why."""

    line: int
    reason: str


class ErpFeed(Protocol):
    """Reads the other system. Nothing is assumed about order or size; a row that cannot be read comes as `BadRow`."""

    @property
    def name(self) -> str:
        """Which delivery this is: the same name twice moves stock once."""

    def rows(self) -> Iterator[ErpRow | BadRow]:
        """What it says, row by row."""
