"""Money that people put together for gifts: from wallets into pots, from pots to wallets. Amounts are `Money`.

A pot is a strict account known by the id of its list or gift: it cannot give what it does not have. Whose money it is,
and how much of it is left, is not known here. One call is one journal, whatever the number of pots, unless it says
otherwise: within a transaction the ledger's accounts are locked once, in order.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Final
from uuid import UUID

from django.db.models import Q

from funds.contracts import PotRefund
from funds.ledger.models import Account, AccountKind, JournalKind, OwnerKind
from funds.ledger.services import post_transfer, post_transfers
from funds.ledger.terms import AccountKey, Leg, Transfer
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money

CONTRIBUTION_SCOPE: Final = "contribution"
PAYOUT_SCOPE: Final = "pot_payout"
RETURN_SCOPE: Final = "pot_return"
REFUND_SCOPE: Final = "pot_refund"
ENDED_SCOPE: Final = "pot_ended"
Amounts = Mapping[UUID, Money]


def contribute_to_pots(*, contributor_id: UUID, amounts: Amounts, key: str) -> int:
    """Pay from the contributor's wallet into the pots, once per key; the journal's number.

    The money has left the wallet at once. Raises `InsufficientFundsError`, `KeyReusedError`, `ValueError` for nothing.
    """
    legs = [
        Leg(AccountKey.wallet(contributor_id, amount.currency), AccountKey.pot(pot, amount.currency), amount)
        for pot, amount in _in_order(amounts)
    ]
    return _post(CONTRIBUTION_SCOPE, key, JournalKind.CONTRIBUTION, legs, _source(amounts))


def contribute_to_wallet(*, contributor_id: UUID, beneficiary_id: UUID, amount: Money, key: str) -> int:
    """Pay from one's wallet into another's, once per key; the journal's number. Raises as `contribute_to_pots`."""
    giver, taker = (AccountKey.wallet(person, amount.currency) for person in (contributor_id, beneficiary_id))
    return _post(CONTRIBUTION_SCOPE, key, JournalKind.CONTRIBUTION, [Leg(giver, taker, amount)], "wallet")


def pay_from_pots(*, amounts: Amounts, to_customer: UUID, key: str) -> int:
    """Pay from the pots into the customer's wallet, once per key; the journal's number.

    Raises `InsufficientFundsError` when a pot holds less, `KeyReusedError`, `ValueError` for nothing.
    """
    legs = [
        Leg(AccountKey.pot(pot, amount.currency), AccountKey.wallet(to_customer, amount.currency), amount)
        for pot, amount in _in_order(amounts)
    ]
    return _post(PAYOUT_SCOPE, key, JournalKind.POT_PAYOUT, legs, _source(amounts))


def pay_into_pots(*, amounts: Amounts, from_customer: UUID, key: str) -> int:
    """Pay from the customer's wallet back into the pots, once per key; the journal's number.

    Raises `InsufficientFundsError` when the money is spent or held, `KeyReusedError`, `ValueError` for nothing.
    """
    legs = [
        Leg(AccountKey.wallet(from_customer, amount.currency), AccountKey.pot(pot, amount.currency), amount)
        for pot, amount in _in_order(amounts)
    ]
    return _post(RETURN_SCOPE, key, JournalKind.POT_RETURN, legs, _source(amounts))


def return_to_contributors(*, from_customer: UUID, amounts: Amounts, key: str) -> int:
    """Pay from the customer's wallet to those who gave (amounts by customer), once per key; the journal's number.

    For what comes back when its pot has ended. Raises as `pay_into_pots`.
    """
    legs = [
        Leg(AccountKey.wallet(from_customer, amount.currency), AccountKey.wallet(person, amount.currency), amount)
        for person, amount in _in_order(amounts)
    ]
    return _post(ENDED_SCOPE, key, JournalKind.POT_RETURN, legs, "")


def refund_contributions(*, refunds: Iterable[PotRefund]) -> None:
    """Pay from pots back to those who gave: a journal each, all of them in one call, each once per its key.

    Raises `InsufficientFundsError` when a pot holds less, `KeyReusedError`.
    """
    transfers = [
        Transfer(
            REFUND_SCOPE,
            refund.key,
            JournalKind.POT_RETURN,
            (
                Leg(
                    AccountKey.pot(refund.pot, refund.amount.currency),
                    AccountKey.wallet(refund.customer_id, refund.amount.currency),
                    refund.amount,
                ),
            ),
            source=f"pot:{refund.pot}",
        )
        for refund in refunds
    ]
    post_transfers(transfers=transfers)


def lock_pots(*, pots: Collection[UUID], customers: Collection[UUID]) -> None:
    """Lock the pots and the customers' wallets in house order, in the caller's transaction.

    For whoever moves a wallet's money and a pot's by several calls in one transaction: call it before the first.
    """
    is_pot = Q(owner_kind=OwnerKind.POT, owner_id__in=set(pots), kind=AccountKind.POT)
    is_wallet = Q(owner_kind=OwnerKind.CUSTOMER, owner_id__in=set(customers), kind=AccountKind.WALLET)
    lock(LockRank.ACCOUNT, Account.objects.filter(is_pot | is_wallet))


def _in_order(amounts: Amounts) -> list[tuple[UUID, Money]]:
    """The same content in the same words, however it was collected: a journal's key goes with its content."""
    return sorted(amounts.items())


def _post(scope: str, key: str, kind: JournalKind, legs: list[Leg], source: str) -> int:
    return post_transfer(scope=scope, key=key, kind=kind, legs=legs, source=source).journal_id


def _source(amounts: Amounts) -> str:
    return f"pot:{min(amounts)}" if amounts else ""
