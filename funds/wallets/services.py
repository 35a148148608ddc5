"""What happens to a customer's wallet."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from funds.contracts import PaymentReceipt, PurchaseHold
from funds.events import BalanceLow
from funds.ledger.errors import AccountNotEmptyError
from funds.ledger.models import Account, AccountKind, Hold, JournalKind, OwnerKind, Posting
from funds.ledger.orm_accounts import account_id
from funds.ledger.selectors import has_money
from funds.ledger.services import hold_and_capture, place_hold, post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.payments.models import Deposit, Payout, ProviderPayment
from marketplace.core.errors import NotFoundError
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .errors import WeeklyLimitError
from .low_balance import turn_low_flags
from .models import StatementNote, WalletSettings
from .selectors import AUTOMATIC_SCOPE, left_this_week, statement_of, weekly_limit

ORDER_SCOPE: Final = "order"
REWARD_SCOPE: Final = "reward"
BY_HAND_SCOPE: Final = "by_hand"
"""Of holds for what a customer has bought of a list by hand; the weekly limit does not count these."""


def order_escrow(currency: str) -> AccountKey:
    """Where the money of paid orders waits until they are delivered."""
    return AccountKey.house(AccountKind.ESCROW, currency)


def outside_purchases(currency: str) -> AccountKey:
    """Where the money of what staff bought in other shops goes: the house pays those."""
    return AccountKey.house(AccountKind.OUTSIDE, currency)


def pay_order(*, order_id: UUID, customer_id: UUID, total: Money, at: datetime | None = None) -> PaymentReceipt:
    """Pay the order from the customer's wallet into escrow, once per order; the same call again gives the same receipt.

    One round trip on PostgreSQL. It joins the caller's transaction; a refusal has written nothing, so the caller's
    transaction stays usable. `at` is when it was paid; None is now by the database. Raises `InsufficientFundsError`,
    `KeyReusedError` for the same order with another total or customer.
    """
    if not total:
        return PaymentReceipt(order_id, total, journal_id=None, is_replay=False)
    posted = post_transfer(
        scope=ORDER_SCOPE,
        key=str(order_id),
        kind=JournalKind.ORDER_PAYMENT,
        legs=[
            Leg(
                AccountKey.wallet(customer_id, total.currency),
                order_escrow(total.currency),
                total,
            )
        ],
        at=at,
        source=f"order:{order_id}",
    )
    return PaymentReceipt(order_id, total, posted.journal_id, posted.is_replay)


def credit_reward(*, customer_id: UUID, amount: Money, key: str) -> int:
    """Pay a loyalty reward from the house into the customer's wallet, once per key; the journal's number.

    It counts as no deposit. Raises `KeyReusedError`, `ValueError` for nothing.
    """
    house = AccountKey.house(AccountKind.LOYALTY, amount.currency)
    leg = Leg(house, AccountKey.wallet(customer_id, amount.currency), amount)
    posted = post_transfer(scope=REWARD_SCOPE, key=key, kind=JournalKind.REWARD, legs=[leg], source=f"redemption:{key}")
    return posted.journal_id


@transaction.atomic
def hold_for_purchase(
    *,
    customer_id: UUID,
    payee: AccountKey,
    amount: Money,
    key: str,
    lasts: timedelta,
    at: datetime,
    is_automatic: bool = True,
    capture_key: str = "",
) -> PurchaseHold:
    """Set money aside for an automatic purchase, within the customer's weekly limit, once per key.

    Where there is a limit, what automatic purchases of the platform's week of `at` have taken and still hold is added
    up under the lock that the hold needs too, so that two at once cannot both find the same rest. Ordinary purchases
    are not bound, nor is what the customer asks for by hand (not `is_automatic`), which does not count either.
    `capture_key`: it is paid to the payee at once; then any key that was used before is refused. Raises
    `WeeklyLimitError` (with the rest), `InsufficientFundsError`, `KeyReusedError`, `ValueError`.
    """
    wallet = AccountKey.wallet(customer_id, amount.currency)
    scope = AUTOMATIC_SCOPE if is_automatic else BY_HAND_SCOPE
    limit = weekly_limit(customer_id, amount.currency) if is_automatic else None
    if limit is not None:
        (account,) = lock(LockRank.ACCOUNT, Account.objects.filter(pk=account_id(wallet)))
        if not Hold.objects.filter(scope=scope, idem_key=key).exists():
            _expect_in_week(amount, left_this_week(account, limit, at=at))
    journal_id = None
    if capture_key:
        placed, posted = hold_and_capture(
            scope=scope,
            key=key,
            payer=wallet,
            payee=payee,
            amount=amount,
            lasts=lasts,
            source=f"auto:{key}",
            capture_key=capture_key,
        )
        journal_id = posted.journal_id
    else:
        placed = place_hold(
            scope=scope, key=key, payer=wallet, payee=payee, amount=amount, lasts=lasts, source=f"auto:{key}"
        )
    return PurchaseHold(placed.hold_id, amount, placed.expires_at, placed.is_replay, journal_id)


@transaction.atomic
def change_settings(*, customer_id: UUID, currency: str, changes: dict[str, Money | None]) -> WalletSettings:
    """Set or lift the customer's `weekly_limit` and `low_balance_threshold` in one currency; others stay.

    A new threshold is a new question: the next alert is not kept back by the last one. Raises
    `CurrencyMismatchError` for an amount in another currency.
    """
    for money in changes.values():
        _ = money is not None and money + Money.zero(currency)
    values: dict[str, int | bool | None] = {}
    if "weekly_limit" in changes:
        values["weekly_limit_minor"] = _minor(changes["weekly_limit"])
    if "low_balance_threshold" in changes:
        values |= {"low_balance_minor": _minor(changes["low_balance_threshold"]), "is_low": False}
    row, _is_new = WalletSettings.objects.update_or_create(customer_id=customer_id, currency=currency, defaults=values)
    return row


@transaction.atomic
def tell_low_balances(*, at: datetime) -> int:
    """Publish `BalanceLow` for each wallet that fell below its owner's threshold; how many.

    A wallet is told of once, until it has been above the threshold again. Harmless twice, also at the same time.
    """
    turned = turn_low_flags()
    events = [
        BalanceLow(customer_id=row.customer_id, available=row.available, threshold=row.threshold, noticed_at=at)
        for row in turned
        if row.is_low
    ]
    publish(*events)
    return len(events)


@transaction.atomic
def write_entry_note(*, posting_id: int, customer_id: UUID, note: str) -> Posting:
    """Put the customer's own words beside a line of their statement. Raises `NotFoundError` for another's line."""
    if not statement_of(customer_id).filter(pk=posting_id).exists():
        raise NotFoundError
    StatementNote.objects.update_or_create(posting_id=posting_id, customer_id=customer_id, defaults={"text": note})
    entry: Posting = statement_of(customer_id).get(pk=posting_id)
    return entry


def expect_nothing_left(user_id: UUID) -> None:
    """Guard of erasure. Raises `AccountNotEmptyError` while there is money, a debt, a hold, or something on its way."""
    pending = Deposit.objects.filter(customer_id=user_id, state__in=Deposit.OPEN_STATES)
    undecided = ProviderPayment.objects.filter(
        deposit__customer_id=user_id, state__in=[ProviderPayment.State.PENDING, ProviderPayment.State.QUARANTINED]
    )
    if has_money(user_id) or pending.exists() or undecided.exists():
        raise AccountNotEmptyError


def forget_customer(user_id: UUID) -> None:
    """Erase the customer's own words and bank accounts; the books know them by an id that leads to nobody."""
    StatementNote.objects.filter(customer_id=user_id).delete()
    WalletSettings.objects.filter(customer_id=user_id).delete()
    Deposit.objects.filter(customer_id=user_id).update(note="")
    Payout.objects.filter(owner_kind=OwnerKind.CUSTOMER, owner_id=user_id).update(note="", destination="")


def _expect_in_week(amount: Money, left: Money) -> None:
    if amount > left:
        raise WeeklyLimitError(left=f"{left.decimal:f}", currency=left.currency)


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor
