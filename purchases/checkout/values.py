"""How a checkout is asked for, and what it comes to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from funds.contracts import OrderPaymentCard
from marketplace.core.money import Money
from purchases.orders.models import Order

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
