"""Money that has to be taken from a wallet although it may not be there: the rest is owed, and paid by what comes."""

from datetime import datetime
from typing import Final
from uuid import UUID

from funds.ledger.models import Account, AccountKind, JournalKind, OwnerKind
from funds.ledger.selectors import balance_of, wallets_of_owners
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

SCOPE: Final = "debt"


def taking_legs(*, customer_id: UUID, to: AccountKey, amount: Money) -> list[Leg]:
    """Legs that take `amount`: what is free in the wallet, the rest from its receivable twin (which may go negative).

    The wallet stays locked in the caller's transaction, so that what is free now is free when the legs are posted.
    What is held for purchases is not touched.
    """
    free = _free_locked(customer_id, amount.currency)
    taken = min(free, amount, key=lambda money: money.minor)
    owed = amount - taken
    legs = [
        Leg(AccountKey.wallet(customer_id, amount.currency), to, taken),
        Leg(AccountKey.receivable(customer_id, amount.currency), to, owed),
    ]
    return [leg for leg in legs if leg.amount]


def pay_debt(*, customer_id: UUID, currency: str, key: str, at: datetime) -> Money:
    """Pay what the customer owes from what is free in the wallet; how much that was. `key` names the occasion."""
    twin = AccountKey.receivable(customer_id, currency)
    if balance_of(twin).minor >= 0:
        return Money.zero(currency)
    free = _free_locked(customer_id, currency)
    # Again, under the wallet's lock: somebody else may have paid it meanwhile.
    paid = min(free, -balance_of(twin), key=lambda money: money.minor)
    if paid.minor > 0:
        post_transfer(
            scope=SCOPE,
            key=key,
            kind=JournalKind.RECOVERY,
            legs=[Leg(AccountKey.wallet(customer_id, currency), twin, paid)],
            at=at,
        )
        return paid
    return Money.zero(currency)


def _free_locked(customer_id: UUID, currency: str) -> Money:
    lock(
        LockRank.ACCOUNT,
        Account.objects.filter(
            owner_kind=OwnerKind.CUSTOMER, owner_id=customer_id, kind=AccountKind.WALLET, currency=currency
        ),
    )
    row = wallets_of_owners([customer_id]).filter(currency=currency).first()
    return Money(0 if row is None else max(0, row.posted - row.held + row.lapsed), currency)
