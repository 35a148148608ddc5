"""Facts the funds context publishes."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event
from marketplace.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositCredited(Event):
    """The provider has the money and the wallet shows it. `amount` is what this payment brought.

    `order_id` is the order that the customer wanted to pay with it, if any.
    """

    wire_name: ClassVar[str] = "funds.deposit_credited"
    deposit_id: UUID
    customer_id: UUID
    amount: Money
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDepositCredited(Event):
    """The deposit that was made for an order has arrived. An event of its own: most deposits are for no order."""

    wire_name: ClassVar[str] = "funds.order_deposit_credited"
    subject_field: ClassVar[str] = "order_id"
    deposit_id: UUID
    order_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRejected(Event):
    """The provider definitely refused, or nobody paid in time; nothing was charged."""

    wire_name: ClassVar[str] = "funds.deposit_rejected"
    deposit_id: UUID
    customer_id: UUID
    amount: Money
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositCancelled(Event):
    """The customer called the deposit off before anything was sent."""

    wire_name: ClassVar[str] = "funds.deposit_cancelled"
    deposit_id: UUID
    customer_id: UUID
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositReturned(Event):
    """Money of a deposit went back to who paid: a refund or a charge-back of `amount`."""

    wire_name: ClassVar[str] = "funds.deposit_returned"
    deposit_id: UUID
    customer_id: UUID
    journal_id: int
    amount: Money
    is_charge_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTaskParked(Event):
    """A task needs a person: the provider was asked as often as is sensible, or its answer cannot be right."""

    wire_name: ClassVar[str] = "funds.payment_task_parked"
    task_id: UUID
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentSetAside(Event):
    """A payment does not match what was asked for; it has moved no money and waits for staff."""

    wire_name: ClassVar[str] = "funds.payment_set_aside"
    payment_id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutSettled(Event):
    """Money has left for a bank account. `customer_id` is None for a store's payout."""

    wire_name: ClassVar[str] = "funds.payout_settled"
    payout_id: UUID
    customer_id: UUID | None
    store_id: UUID | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRefused(Event):
    """The provider definitely refused; the money is back where it was."""

    wire_name: ClassVar[str] = "funds.payout_refused"
    payout_id: UUID
    customer_id: UUID | None
    store_id: UUID | None
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceLow(Event):
    """A wallet has fallen below the customer's own threshold; said once until it is above it again."""

    wire_name: ClassVar[str] = "funds.balance_low"
    customer_id: UUID
    available: Money
    threshold: Money
    noticed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentSucceeded(Event):
    """All money of the order is in escrow."""

    wire_name: ClassVar[str] = "funds.order_payment_succeeded"
    subject_field: ClassVar[str] = "order_id"
    payment_id: UUID
    order_id: UUID
    customer_id: UUID
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPaymentFailed(Event):
    """The order cannot be paid this way; whatever came in is in the customer's wallet."""

    wire_name: ClassVar[str] = "funds.order_payment_failed"
    subject_field: ClassVar[str] = "order_id"
    payment_id: UUID
    order_id: UUID
    customer_id: UUID
    total: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRefunded(Event):
    """Money of an order is back in the customer's wallet. What a provider brought goes on to the provider."""

    wire_name: ClassVar[str] = "funds.order_refunded"
    order_id: UUID
    customer_id: UUID
    refund_id: UUID
    amount: Money
