"""Orders for tests: paid from a wallet, and what the accounts around them hold."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from funds.contracts import PartRefund, PartSettlement
from funds.facade import pay_order
from funds.ledger.models import AccountKind
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with
from marketplace.core.money import Money

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def mxn(minor: int) -> Money:
    return Money(minor, "MXN")


def paid_order(minor: int, customer: UUID | None = None) -> tuple[UUID, UUID]:
    """An order and its customer, whose wallet is empty now."""
    customer, order = customer or customer_with(minor), uuid4()
    pay_order(order_id=order, customer_id=customer, total=mxn(minor))
    return order, customer


def part(total: int, tax: int = 0, commission_bp: int = 1_000, store: UUID | None = None) -> PartSettlement:
    return PartSettlement(store or uuid4(), mxn(total), mxn(tax), commission_bp)


def back(of: PartSettlement, minor: int) -> PartRefund:
    return PartRefund(of.store_id, of.total, mxn(minor))


def payable(store: UUID) -> int:
    return balance_of(AccountKey.of_store(AccountKind.PAYABLE, store, "MXN")).minor


def house(kind: AccountKind) -> int:
    return balance_of(AccountKey.house(kind, "MXN")).minor


def shares(store: UUID) -> tuple[int, int, int, int]:
    """Escrow, the store's payable, commission, tax."""
    return house(AccountKind.ESCROW), payable(store), house(AccountKind.COMMISSION), house(AccountKind.TAX)
