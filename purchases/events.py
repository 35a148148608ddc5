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
    """The goods arrived: the order counts as successful. `total` is what it cost without what was called off."""

    wire_name: ClassVar[str] = "purchases.order_delivered"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """An order was called off. `was_sold`: its goods had left the shelf, not only been set aside; `was_paid`: its
    money is on its way back. `total` is what it cost without what went back before.
    """

    wire_name: ClassVar[str] = "purchases.order_cancelled"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    was_sold: bool
    was_paid: bool
    cancelled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPartCalledOff(Event):
    """Units of one store's part of a paid order will never be sent, and `refund` went to the customer.

    `is_whole`: nothing of the order is left; then it is cancelled, too.
    """

    wire_name: ClassVar[str] = "purchases.order_part_called_off"

    order_id: UUID
    call_off_id: UUID
    part_id: UUID
    store_id: UUID
    customer_id: UUID
    refund: Money
    is_whole: bool
    called_off_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExpired(Event):
    """An order was not paid in time."""

    wire_name: ClassVar[str] = "purchases.order_expired"

    order_id: UUID
    customer_id: UUID
    store_ids: tuple[UUID, ...]
    total: Money
    expired_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedUnitMissed(Event):
    """An order was paid when its flash promotion's unit was somebody else's: it is over, and its money goes back."""

    wire_name: ClassVar[str] = "purchases.reserved_unit_missed"

    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequested(Event):
    """A customer wants to give something back."""

    wire_name: ClassVar[str] = "purchases.return_requested"
    subject_field: ClassVar[str] = "order_id"

    return_id: UUID
    order_id: UUID
    customer_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDecided(Event):
    """Staff said yes or no to a return."""

    wire_name: ClassVar[str] = "purchases.return_decided"
    subject_field: ClassVar[str] = "order_id"

    return_id: UUID
    order_id: UUID
    customer_id: UUID
    is_approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReturned(Event):
    """Goods of an order came back and `refund` went to the customer. `is_whole`: nothing of the order is left."""

    wire_name: ClassVar[str] = "purchases.order_returned"

    order_id: UUID
    return_id: UUID
    customer_id: UUID
    refund: Money
    is_whole: bool
    returned_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentShipped(Event):
    """A parcel of one store's part of an order is on its way."""

    wire_name: ClassVar[str] = "purchases.shipment_shipped"
    subject_field: ClassVar[str] = "order_id"

    shipment_id: UUID
    order_id: UUID
    part_id: UUID
    store_id: UUID
    customer_id: UUID
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDelivered(Event):
    """A parcel arrived. `is_part_complete`: it was the last of the store's part, whose money is shared out."""

    wire_name: ClassVar[str] = "purchases.shipment_delivered"
    subject_field: ClassVar[str] = "order_id"

    shipment_id: UUID
    order_id: UUID
    part_id: UUID
    store_id: UUID
    customer_id: UUID
    is_part_complete: bool
    delivered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentLost(Event):
    """A parcel was lost on its way: its units are to be packed again."""

    wire_name: ClassVar[str] = "purchases.shipment_lost"
    subject_field: ClassVar[str] = "order_id"

    shipment_id: UUID
    order_id: UUID
    part_id: UUID
    store_id: UUID
    customer_id: UUID
    lost_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPurchaseAsked(Event):
    """The engine would buy this and asks first; without an answer by `answer_by` it does not."""

    wire_name: ClassVar[str] = "purchases.auto_purchase_asked"

    purchase_id: UUID
    customer_id: UUID
    gift_id: UUID
    price: Money
    reason: str
    answer_by: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPurchaseMade(Event):
    """A gift was bought: an order of the catalogue, or money set aside and staff on their way to another shop."""

    wire_name: ClassVar[str] = "purchases.auto_purchase_made"

    purchase_id: UUID
    customer_id: UUID
    gift_id: UUID
    order_id: UUID | None
    held: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPurchaseEnded(Event):
    """A purchase in another shop came to its end: `bought` at `cost` with the difference back, or `released`."""

    wire_name: ClassVar[str] = "purchases.auto_purchase_ended"

    purchase_id: UUID
    customer_id: UUID
    gift_id: UUID
    state: str
    cost: Money | None
    returned: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoPurchaseShort(Event):
    """The balance or the weekly limit did not allow what was next in line. Said once until something changes."""

    wire_name: ClassVar[str] = "purchases.auto_purchase_short"

    customer_id: UUID
    gift_id: UUID
    outcome: str
    missing: Money
    noticed_at: datetime
