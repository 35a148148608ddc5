"""Values of the funds context that cross its border."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.money import Money


@dataclass(frozen=True, slots=True)
class PaymentReceipt:
    """An order paid from the wallet. `journal_id` is None for an order that costs nothing."""

    order_id: UUID
    paid: Money
    journal_id: int | None
    is_replay: bool


@dataclass(frozen=True, slots=True)
class WalletBalance:
    """A customer's money in one currency. `available` + `held` is all there is."""

    customer_id: UUID
    available: Money
    held: Money
    deposited: Money
    spent: Money

    @property
    def currency(self) -> str:
        """The wallet's currency."""
        return self.available.currency
