"""Money for tests: wallets filled through real deposits."""

from uuid import UUID, uuid4

from funds.ledger.selectors import wallets_of_owners
from funds.ledger.terms import AccountKey
from funds.payments.services import fund_wallets
from marketplace.core.money import Money
from users.models import User


def customer_with(minor: int = 0, currency: str = "MXN") -> UUID:
    """A customer with that much in the wallet."""
    customer = User.objects.create_user(f"{uuid4().hex}@example.org", None)
    if minor:
        fund_wallets(rows=[(customer.pk, Money(minor, currency), uuid4().hex)])
    return customer.pk


def wallet(customer_id: UUID, currency: str = "MXN") -> AccountKey:
    """Its key."""
    return AccountKey.wallet(customer_id, currency)


def posted_and_held(customer_id: UUID) -> tuple[int, int]:
    """The two figures of the customer's only wallet."""
    (row,) = wallets_of_owners([customer_id])
    return row.posted, row.held
