"""Facts the funds context publishes."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from marketplace.core.events import Event
from marketplace.core.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRequested(Event):
    """A customer wants to bring money in; the task that asks the provider waits in the database."""

    wire_name: ClassVar[str] = "funds.deposit_requested"
    deposit_id: UUID
    task_id: UUID
    customer_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositCredited(Event):
    """The provider has the money and the wallet shows it. `amount` is what this payment brought."""

    wire_name: ClassVar[str] = "funds.deposit_credited"
    deposit_id: UUID
    customer_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRejected(Event):
    """The provider definitely refused; nothing was charged."""

    wire_name: ClassVar[str] = "funds.deposit_rejected"
    deposit_id: UUID
    customer_id: UUID
    amount: Money
