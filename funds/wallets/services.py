"""What happens to a customer's wallet."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from funds.contracts import PaymentReceipt
from funds.ledger.errors import AccountNotEmptyError
from funds.ledger.models import AccountKind, JournalKind, Posting
from funds.ledger.selectors import has_money
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.payments.models import Deposit
from marketplace.core.errors import NotFoundError
from marketplace.core.money import Money

from .models import StatementNote
from .selectors import statement_of

ORDER_SCOPE: Final = "order"


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
                AccountKey.house(AccountKind.ESCROW, total.currency),
                total,
            )
        ],
        at=at,
        source=f"order:{order_id}",
    )
    return PaymentReceipt(order_id, total, posted.journal_id, posted.is_replay)


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
    Deposit.objects.filter(customer_id=user_id).update(note="")
