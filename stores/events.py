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
class ProductsRepriced(Event):
    """Variants of these products have another price, or are there for the first time, or a product changed category."""

    wire_name: ClassVar[str] = "stores.products_repriced"
    product_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMoved(Event):
    """A category, with everything below it, hangs at another place of the tree."""

    wire_name: ClassVar[str] = "stores.category_moved"
    category_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class StockLow(Event):
    """What is available of a stock item fell to its reorder point or under it. Once per crossing."""

    wire_name: ClassVar[str] = "stores.stock_low"
    stock_item_id: UUID
    variant_id: UUID
    store_id: UUID
    available: int
    reorder_point: int
    movement_key: str = ""  # of the movement that crossed it


@dataclass(frozen=True, slots=True, kw_only=True)
class StockDrifted(Event):
    """The nightly reconciliation found counters that are not the sum of their movements."""

    wire_name: ClassVar[str] = "stores.stock_drifted"
    reconciliation_id: int
    drift_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderPlaced(Event):
    """An order went out to a supplier, by a person or by beat."""

    wire_name: ClassVar[str] = "stores.purchase_order_placed"
    purchase_order_id: UUID
    supplier_id: UUID
    store_id: UUID
    is_automatic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseOrderReceived(Event):
    """All that was ordered has come in."""

    wire_name: ClassVar[str] = "stores.purchase_order_received"
    purchase_order_id: UUID
    supplier_id: UUID
    store_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAsked(Event):
    """A customer asked; it waits to be moderated."""

    wire_name: ClassVar[str] = "stores.question_asked"
    question_id: UUID
    product_id: UUID
    store_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionPublished(Event):
    """A question may be seen by everybody now."""

    wire_name: ClassVar[str] = "stores.question_published"
    question_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRejected(Event):
    """A question will not be published."""

    wire_name: ClassVar[str] = "stores.question_rejected"
    question_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswered(Event):
    """A question has its answer, for the first time."""

    wire_name: ClassVar[str] = "stores.question_answered"
    question_id: UUID
    product_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReady(Event):
    """A file was read to its end: what it would change waits to be confirmed."""

    wire_name: ClassVar[str] = "stores.import_ready"
    import_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportApplied(Event):
    """A confirmed import is in the catalogue."""

    wire_name: ClassVar[str] = "stores.import_applied"
    import_id: UUID
