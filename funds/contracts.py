"""Values of the funds context that cross its border."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
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


@dataclass(frozen=True, slots=True)
class PartSettlement:
    """One store's share of a delivered order. Prices include `tax`; `commission_bp` is of the price without it."""

    store_id: UUID
    total: Money
    tax: Money
    commission_bp: int


@dataclass(frozen=True, slots=True)
class PartRefund:
    """What goes back of one store's share of an order; `total` is what the share cost."""

    store_id: UUID
    total: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundReceipt:
    """Money of an order that is back in the customer's wallet."""

    order_id: UUID
    refunded: Money
    journal_id: int
    is_replay: bool


@dataclass(frozen=True, slots=True)
class OrderPaymentCard:
    """A try to pay an order. `deposit_id` names the deposit that the customer has to make, if any."""

    payment_id: UUID
    order_id: UUID
    state: str
    total: Money
    from_wallet: Money
    provider: str
    deposit_id: UUID | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class PurchaseHold:
    """Money set aside for an automatic purchase until `expires_at`."""

    hold_id: UUID
    amount: Money
    expires_at: datetime
    is_replay: bool


@dataclass(frozen=True, slots=True)
class OrderMoneyStep:
    """Something that happened to an order's money. `kind` is one of `OrderMoneyStep.KINDS`; `note` is people's words.

    `subject_id` names the payment or the order's money that it happened to.
    """

    at: datetime
    kind: str
    amount: Money
    note: str = ""
    provider: str = ""
    subject_id: UUID | None = None

    KINDS: ClassVar[tuple[str, ...]] = ("asked", "paid", "failed", "expired", "cancelled", "settled", "refunded")


@dataclass(frozen=True, slots=True)
class PartShares:
    """What became of the money of one store's part: in escrow until `settled_at`, then shared out, net of refunds."""

    store_id: UUID
    refunded: Money
    payable: Money
    commission: Money
    tax: Money
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class OrderMoneyLog:
    """An order's money as a whole: its steps, oldest first, and its parts."""

    steps: tuple[OrderMoneyStep, ...]
    parts: tuple[PartShares, ...]
