"""Facts this context publishes."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStateChanged(Event):
    """A store opened, paused or closed."""

    wire_name: ClassVar[str] = "stores.store_state_changed"
    store_id: UUID
    from_state: str
    to_state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMoved(Event):
    """A store has other coordinates now; `facade.store_place` says which."""

    wire_name: ClassVar[str] = "stores.store_moved"
    store_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLow(Event):
    """What is available of a stock item fell to its reorder point or under it. Once per crossing."""

    wire_name: ClassVar[str] = "stores.stock_low"
    stock_item_id: UUID
    variant_id: UUID
    store_id: UUID
    available: int
    reorder_point: int
