"""Facts the context publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event
from marketplace.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced(Event):
    """An order was written; it may still wait for its money."""

    wire_name: ClassVar[str] = "purchases.order_placed"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    placed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaid(Event):
    """The order's money is in escrow."""

    wire_name: ClassVar[str] = "purchases.order_paid"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDelivered(Event):
    """The goods arrived: the order counts as successful."""

    wire_name: ClassVar[str] = "purchases.order_delivered"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    delivered_at: datetime
