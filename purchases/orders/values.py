"""Values the slice computes with: a line as it is sold, and its arithmetic."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from marketplace.core.money import Money


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
