"""Values the slice computes with: an order before it is written, its lines as they are sold, and their arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from marketplace.core.money import Money

from .models import OrderLine


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of an order with the terms it was sold under."""

    variant_id: UUID
    store_id: UUID
    sku: str
    name: str
    quantity: int
    list_price: Money
    total: Money
    tax_bp: int
    commission_bp: int
    applied_benefits: tuple[dict[str, Any], ...] = field(default=())
    # Where it is known: an order that is paid at once then asks the catalogue nothing.
    product_id: UUID | None = None

    @property
    def unit_price(self) -> Money:
        """What a unit costs, halves rounded up; where promotions do not divide evenly the total is what counts."""
        share = Decimal(self.total.minor) / self.quantity
        return Money(int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.total.currency)

    @property
    def list_total(self) -> Money:
        """What the line would cost without promotions."""
        return self.list_price * self.quantity

    @property
    def tax(self) -> Money:
        """The tax inside the total: total x rate / (1 + rate), halves rounded up."""
        share = Decimal(self.total.minor) * self.tax_bp / (10_000 + self.tax_bp)
        return Money(int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP)), self.total.currency)


@dataclass(frozen=True, slots=True)
class PartShipping:
    """What sending a store's part costs, and the rate's name."""

    price: Money
    name: str = ""


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order that is about to be written. `expires_at` is until when an unpaid one waits."""

    order_id: UUID
    customer_id: UUID
    source: str
    source_key: str
    lines: tuple[SoldLine, ...]
    at: datetime
    is_paid: bool
    shipping: Mapping[UUID, PartShipping] = field(default_factory=dict)
    applied_benefits: tuple[dict[str, Any], ...] = ()
    rejected_promotions: tuple[dict[str, Any], ...] = ()
    coupons: tuple[str, ...] = ()
    points_bp: int = 10_000
    shipping_address: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None


def refund_of(line: OrderLine, quantity: int) -> int:
    """What so many more units of the line bring back, in minor units; all of them together bring its total."""
    gone = line.returned_quantity + quantity
    return line.total_minor * gone // line.quantity - line.total_minor * line.returned_quantity // line.quantity


def payment_time() -> timedelta:
    """How long an order waits for its money."""
    return timedelta(minutes=settings.ORDER_PAYMENT_MINUTES)
