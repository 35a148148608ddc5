"""Values that cross the context's border."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class DaySales:
    """Paid orders of one platform day in one currency."""

    day: date
    orders: int
    revenue: Money


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line of an order that was sold elsewhere; the price is per unit, tax included."""

    variant_id: UUID
    quantity: int
    unit_price: Money


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """An order from another system's history. It moves no money and no stock here."""

    source_key: str
    customer_id: UUID
    state: str
    placed_at: datetime
    delivered_at: datetime | None
    lines: tuple[ImportedLine, ...]


@dataclass(frozen=True, slots=True)
class OrderCard:
    """What a message about an order says."""

    order_id: UUID
    number: str
    total: Money
    first_item: str
    items_count: int
    is_waiting: bool
    """For its money."""


@dataclass(frozen=True, slots=True)
class ShipmentCard:
    """What a message about a parcel says; what the store did not say is empty."""

    shipment_id: UUID
    order_id: UUID
    number: str
    items_count: int
    carrier: str
    tracking: str
    tracking_url: str


@dataclass(frozen=True, slots=True)
class CallOffCard:
    """What a message about units that will not be sent says; `refund` is what goes back for them."""

    call_off_id: UUID
    order_id: UUID
    number: str
    first_item: str
    items_count: int
    reason: str
    refund: Money


@dataclass(frozen=True, slots=True)
class ReturnCard:
    """What a message about a return says, and the stores it goes back to."""

    return_id: UUID
    order_id: UUID
    number: str
    first_item: str
    answer: str
    refund: Money
    store_ids: tuple[UUID, ...]
