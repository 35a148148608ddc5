"""How a checkout is asked for, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from funds.contracts import OrderPaymentCard
from marketplace.core.money import Money
from purchases.carts.values import ShownLine
from purchases.orders.models import Order
from purchases.pricing.values import Quote

from .errors import PaymentSplitError


@dataclass(frozen=True, slots=True)
class PaymentPlan:
    """All from the wallet, all through a provider, or so much of each."""

    provider: str = ""
    from_wallet: Money | None = None
    from_provider: Money | None = None

    def wallet_part(self, total: Money) -> Money:
        """What the wallet pays of the total; the provider pays the rest.

        Raises `PaymentSplitError` when the parts do not come to the total, `CurrencyMismatchError`.
        """
        if self.from_wallet is None or self.from_provider is None:
            return Money.zero(total.currency) if self.provider else total
        if self.from_wallet + self.from_provider != total:
            raise PaymentSplitError(total=f"{total.decimal:f}", currency=total.currency)
        return self.from_wallet


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the customer agrees to: how to pay, where to send, by which rates, at which total if one was shown."""

    plan: PaymentPlan
    expected_total: Money | None = None
    address_id: UUID | None = None
    rates: Mapping[UUID, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """The order, and the payment that has paid it or waits for the provider."""

    order: Order
    payment: OrderPaymentCard


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """So many of one variant to be bought for a customer without a cart. `most`: what the goods may cost."""

    customer_id: UUID
    variant_id: UUID
    currency: str
    source: str
    source_key: str
    quantity: int = 1
    most: Money | None = None
    address_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """Lines that can be sold as they stand, and their costs. Without a `source_key` it is the order's own id."""

    customer_id: UUID
    source: str
    lines: tuple[ShownLine, ...]
    costs: Quote
    address_id: UUID | None
    is_paid: bool
    at: datetime
    coupons: tuple[str, ...] = ()
    source_key: str = ""
