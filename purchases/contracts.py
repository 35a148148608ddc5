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
class SalesSums:
    """What was sold in some days, in minor units of one currency. See `purchases.sales_days` for what counts as sold.

    `revenue` is what customers paid, sending included, before what went back of it (`refunds`); `revenue = listed −
    discount + shipping`. `parts` counts an order once for each of its stores.
    """

    orders: int = 0
    parts: int = 0
    units: int = 0
    listed: int = 0
    discount: int = 0
    shipping: int = 0
    revenue: int = 0
    refunds: int = 0
    new_customers: int = 0

    @property
    def net_revenue(self) -> int:
        """Without what went back."""
        return self.revenue - self.refunds

    @property
    def average_ticket(self) -> int | None:
        """Revenue by order, halves rounded up; none without orders."""
        return (2 * self.revenue + self.orders) // (2 * self.orders) if self.orders else None


@dataclass(frozen=True, slots=True)
class StoreSales:
    """A store's sums; `name` is the store's."""

    store_id: UUID
    name: str
    sums: SalesSums


@dataclass(frozen=True, slots=True)
class VariantSales:
    """What was sold of a variant in some days, in minor units; `refunds` are in `revenue`, as in `SalesSums`."""

    variant_id: UUID
    sku: str
    name: str
    units: int
    revenue: int
    refunds: int


@dataclass(frozen=True, slots=True)
class BenefitSums:
    """What a rule took off in some days, and the revenue of the lines that it touched, in minor units."""

    kind: str
    rule_id: UUID
    name: str
    orders: int
    amount: int
    revenue: int


@dataclass(frozen=True, slots=True)
class MeasuredPromotion:
    """A promotion's days beside the same goods and weekdays before it; `purchases.sales_days.lift` has the method.

    `first` and `last` are the days that were looked at, whole ones. Without a baseline `lift` is none.
    """

    kind: str
    promotion_id: UUID
    name: str
    first: date
    last: date
    units: int
    windows: tuple[int, ...]
    lift: "PromotionLift | None"


@dataclass(frozen=True, slots=True)
class PromotionLift:
    """`ratio` 1.5: half as much again as expected; with 95 % confidence between `low` and `high`."""

    units: int
    expected_units: float
    ratio: float
    low: float
    high: float
    measured: int


@dataclass(frozen=True, slots=True)
class PromotionLifts:
    """Promotions of a kind in some days, and all with a baseline together. `is_cut`: there were more."""

    promotions: tuple[MeasuredPromotion, ...]
    together: PromotionLift | None
    is_cut: bool


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


@dataclass(frozen=True, slots=True)
class AutoPurchaseCard:
    """An automatic purchase for messages. `url` and `reason` (what staff wrote for the customer) are of another shop's,
    empty without; so is `order_number` without an order. `held` counts margin and shipping in; `cost` is the real one.
    """

    purchase_id: UUID
    customer_id: UUID
    gift_id: UUID
    title: str
    state: str
    price: Money
    held: Money
    cost: Money | None
    order_number: str
    url: str
    reason: str
