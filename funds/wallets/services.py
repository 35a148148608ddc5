"""What happens to a customer's wallet."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from funds.contracts import PaymentReceipt, PurchaseHold
from funds.events import BalanceLow
from funds.ledger.errors import AccountNotEmptyError
from funds.ledger.models import Account, AccountKind, Hold, JournalKind, Posting
from funds.ledger.orm_accounts import account_id
from funds.ledger.selectors import has_money
from funds.ledger.services import place_hold, post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.payments.models import Deposit
from marketplace.core.errors import NotFoundError
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .errors import WeeklyLimitError
from .low_balance import turn_low_flags
from .models import StatementNote, WalletSettings
from .selectors import AUTOMATIC_SCOPE, left_this_week, statement_of

ORDER_SCOPE: Final = "order"


def order_escrow(currency: str) -> AccountKey:
    """Where the money of paid orders waits until they are delivered."""
    return AccountKey.house(AccountKind.ESCROW, currency)


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


@transaction.atomic
def hold_for_purchase(
    *, customer_id: UUID, payee: AccountKey, amount: Money, key: str, lasts: timedelta, at: datetime
) -> PurchaseHold:
    """Set money aside for an automatic purchase, within the customer's weekly limit, once per key.

    What automatic purchases of the platform's week of `at` have taken and still hold is added up under the lock that
    the hold needs too, so that two at once cannot both find the same rest. Ordinary purchases are not bound. Raises
    `WeeklyLimitError` (with the rest), `InsufficientFundsError`, `KeyReusedError`, `ValueError`.
    """
    wallet = AccountKey.wallet(customer_id, amount.currency)
    (account,) = lock(LockRank.ACCOUNT, Account.objects.filter(pk=account_id(wallet)))
    if not Hold.objects.filter(scope=AUTOMATIC_SCOPE, idem_key=key).exists():
        left = left_this_week(account, at=at)
        if left is not None and amount > left:
            raise WeeklyLimitError(left=f"{left.decimal:f}", currency=left.currency)
    placed = place_hold(
        scope=AUTOMATIC_SCOPE, key=key, payer=account.pk, payee=payee, amount=amount, lasts=lasts, source=f"auto:{key}"
    )
    return PurchaseHold(placed.hold_id, amount, placed.expires_at, placed.is_replay)


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
    """Guard of erasure. Raises `AccountNotEmptyError` while there is money, a hold, or a deposit on its way."""
    pending = Deposit.objects.filter(customer_id=user_id, state__in=Deposit.OPEN_STATES)
    if has_money(user_id) or pending.exists():
        raise AccountNotEmptyError


def forget_customer(user_id: UUID) -> None:
    """Erase the customer's own words; the books know them by an id that leads to nobody."""
    StatementNote.objects.filter(customer_id=user_id).delete()
    WalletSettings.objects.filter(customer_id=user_id).delete()
    Deposit.objects.filter(customer_id=user_id).update(note="")


def _minor(money: Money | None) -> int | None:
    return None if money is None else money.minor
