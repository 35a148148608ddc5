"""Values of the funds context that cross its border."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
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
class AutomaticRoom:
    """What automatic purchases of a customer may use: of the wallet, and of the week (None: no limit)."""

    available: Money
    weekly_left: Money | None


@dataclass(frozen=True, slots=True)
class PurchaseHold:
    """Money set aside for an automatic purchase until `expires_at`; with a journal it was paid at once."""

    hold_id: UUID
    amount: Money
    expires_at: datetime
    is_replay: bool
    journal_id: int | None = None


@dataclass(frozen=True, slots=True)
class PotRefund:
    """What goes from a pot back to somebody who gave, once per `key`."""

    pot: UUID
    customer_id: UUID
    amount: Money
    key: str


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


@dataclass(frozen=True, slots=True)
class WeekSum:
    """What came into a wallet and went out of it in the platform's week that began on that Monday."""

    starts_on: date
    incoming: Money
    outgoing: Money


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """All accounts of a kind in a currency. `label` is the kind in the reader's language."""

    kind: str
    label: str
    accounts: int
    balance: Money


@dataclass(frozen=True, slots=True)
class FundsHealth:
    """The books, and what waits for a person. `imbalance` is zero in every currency, or something is broken."""

    lines: tuple[BalanceLine, ...]
    imbalance: Mapping[str, Money]
    tasks_to_review: int
    open_findings: int
    set_aside: int
    """Payments that wait for a decision of staff."""
    providers_out: int
    """Providers that are not called for now: they did not answer."""

    @property
    def is_balanced(self) -> bool:
        """Whether every currency sums to zero."""
        return not any(self.imbalance.values())

    def balance(self, kind: str, currency: str) -> Money:
        """All accounts of that kind in that currency."""
        found = (line.balance for line in self.lines if (line.kind, line.balance.currency) == (kind, currency))
        return next(found, Money.zero(currency))
