"""Escrow's way on: to store, house and tax office at delivery, or back to the customer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from funds.contracts import PartRefund, PartSettlement, PaymentReceipt, PurchaseHold, RefundReceipt
from funds.events import OrderRefunded
from funds.ledger.errors import KeyReusedError, UnknownHoldError
from funds.ledger.models import AccountKind, Hold, Journal, JournalKind
from funds.ledger.services import capture_hold, post_transfer, release_hold
from funds.ledger.terms import AccountKey, Leg, fingerprint
from funds.order_money.errors import OrderNotPaidError, OrderPaymentExistsError, RefundExceedsPaidError
from funds.order_money.models import OrderMoney, OrderPayment, OrderRefund, PartMoney
from funds.order_money.shares import shares_of
from funds.payments.services import pay_debt
from funds.wallets.services import ORDER_SCOPE, hold_for_purchase, order_escrow
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

SETTLEMENT_SCOPE = "order_settlement"
REFUND_SCOPE = "order_refund"


@transaction.atomic
def settle_order(*, order_id: UUID, parts: Iterable[PartSettlement], at: datetime) -> None:
    """Share out what escrow keeps for each part: tax, commission, the rest to the store. Once per part.

    What went back before is not shared out. One journal per part; harmless twice. Raises `OrderNotPaidError`,
    `CurrencyMismatchError`, `ValueError` for a part that makes no sense or had another total before.
    """
    shared = [part for part in parts if part.total]
    if shared:
        _share_out(_lock_order(order_id), shared, at)


@transaction.atomic
def refund_order(
    *,
    order_id: UUID,
    customer_id: UUID,
    parts: Sequence[PartRefund],
    key: str,
    reason: str,
    at: datetime,
    complete: Sequence[PartSettlement] = (),
) -> RefundReceipt:
    """Give money of an order back into the customer's wallet, once per order and key.

    A part that is not settled yet gives it from escrow; a settled one takes it back from store, house and tax office
    in proportion to what they have of it, to the unit (the store may then owe). Never more than was paid and has not
    gone back. What the customer owes after a charge-back is paid with it. Parts that are `complete` now that this went
    back are settled with it, as by `settle_order`. Publishes `OrderRefunded`. Raises `OrderNotPaidError` (also for
    another's order), `RefundExceedsPaidError`, `KeyReusedError`, `CurrencyMismatchError`, `ValueError` for parts that
    make no sense.
    """
    _expect_refunds(parts)
    order = _lock_order(order_id)
    if order.customer_id != customer_id:
        raise OrderNotPaidError
    lock(LockRank.PAYMENT, OrderPayment.objects.filter(order_id=order_id, state__in=OrderPayment.LIVE_STATES))
    print_ = fingerprint(*sorted(f"{part.store_id}={part.amount}" for part in parts))
    before = order.refunds.filter(key=key).first()
    if before is not None:
        if before.fingerprint != print_:
            raise KeyReusedError
        return RefundReceipt(order_id, Money(before.amount_minor, order.currency), before.journal_id, is_replay=True)
    rows = _part_rows(order, {part.store_id: part.total for part in parts})
    total = sum((part.amount for part in parts), start=Money.zero(order.currency))
    legs = [leg for part in parts for leg in _give_back(order, rows[part.store_id], part.amount)]
    posted = post_transfer(
        scope=REFUND_SCOPE,
        key=f"{order_id}:{key}",
        kind=JournalKind.ORDER_REFUND,
        legs=legs,
        at=at,
        source=f"order:{order_id}",
    )
    for row in rows.values():
        row.save(update_fields=["refunded_minor", "payable_minor", "commission_minor", "tax_minor"])
    refund = OrderRefund.objects.create(
        order=order,
        key=key,
        fingerprint=print_,
        amount_minor=total.minor,
        reason=reason,
        journal_id=posted.journal_id,
        at=at,
    )
    _count_refund(order, total)
    _share_out(order, [part for part in complete if part.total], at)
    pay_debt(customer_id=customer_id, currency=order.currency, key=f"order:{order_id}:{key}"[:120], at=at)
    publish(OrderRefunded(order_id=order_id, customer_id=customer_id, refund_id=refund.pk, amount=total))
    return RefundReceipt(order_id, total, posted.journal_id, is_replay=False)


@transaction.atomic
def pay_order_automatically(
    *, order_id: UUID, customer_id: UUID, total: Money, key: str, lasts: timedelta, at: datetime, is_automatic: bool
) -> PurchaseHold:
    """Pay an order that the caller's transaction has made from the wallet, as `hold_for_purchase` would hold for it.

    Its hold is on record, for the weekly limit, and paid already. Raises what `hold_for_purchase` raises.
    """
    held = hold_for_purchase(
        customer_id=customer_id,
        payee=order_escrow(total.currency),
        amount=total,
        key=key,
        lasts=lasts,
        at=at,
        is_automatic=is_automatic,
        capture_key=f"order:{order_id}",
    )
    _note_paid(order_id, customer_id, total, held.journal_id, held.hold_id)
    return held


@transaction.atomic
def pay_order_from_hold(
    *, order_id: UUID, customer_id: UUID, hold_id: UUID, total: Money, at: datetime | None = None
) -> PaymentReceipt:
    """Pay the order with money that was held for it, and free the rest; the same call again gives the same receipt.

    Raises `UnknownHoldError` for another's hold or one that is not for orders, `HoldNotActiveError`,
    `CaptureExceedsHoldError`, `KeyReusedError`, `OrderPaymentExistsError` for an order that was paid otherwise.
    """
    _expect_hold_for_orders(hold_id, customer_id, total.currency)
    if not total:
        release_hold(hold_id=hold_id)
        return PaymentReceipt(order_id, total, journal_id=None, is_replay=False)
    known = _payment_from_hold(order_id, hold_id)
    posted = capture_hold(hold_id=hold_id, key=f"order:{order_id}", amount=total, at=at)
    if known is None:
        _note_paid(order_id, customer_id, total, posted.journal_id, hold_id)
    return PaymentReceipt(order_id, total, posted.journal_id, posted.is_replay)


def _note_paid(order_id: UUID, customer_id: UUID, total: Money, journal_id: int | None, hold_id: UUID) -> None:
    OrderMoney.objects.create(
        order_id=order_id,
        customer_id=customer_id,
        currency=total.currency,
        paid_minor=total.minor,
        journal_id=journal_id,
        hold_id=hold_id,
    )


def _payment_from_hold(order_id: UUID, hold_id: UUID) -> OrderMoney | None:
    """The order's row, if it was paid from this hold before; raises when it was paid otherwise."""
    known = OrderMoney.objects.filter(pk=order_id).first()
    by_wallet = Journal.objects.filter(scope=ORDER_SCOPE, idem_key=str(order_id))
    if by_wallet.exists() or (known is not None and known.hold_id != hold_id):
        raise OrderPaymentExistsError
    return known


def _lock_order(order_id: UUID) -> OrderMoney:
    """The order's row under its lock, written from the books when it is not there yet."""
    found = lock(LockRank.PAYMENT, OrderMoney.objects.filter(pk=order_id))
    if found:
        return found[0]
    journal = Journal.objects.filter(scope=ORDER_SCOPE, idem_key=str(order_id), reversed_by__isnull=True).first()
    if journal is None:
        raise OrderNotPaidError
    posting = journal.postings.select_related("debit").get()
    row = OrderMoney(
        order_id=order_id,
        customer_id=posting.debit.owner_id,
        currency=posting.currency,
        paid_minor=posting.amount,
        journal=journal,
    )
    OrderMoney.objects.bulk_create([row], ignore_conflicts=True)
    (order,) = lock(LockRank.PAYMENT, OrderMoney.objects.filter(pk=order_id))
    return order


def _part_rows(order: OrderMoney, totals: Mapping[UUID, Money]) -> dict[UUID, PartMoney]:
    """The rows of these parts, opened where needed; all parts together fit into what was paid."""
    known = {row.store_id: row for row in order.parts.all()}
    new = [
        PartMoney(order=order, store_id=store_id, total_minor=total.minor)
        for store_id, total in totals.items()
        if store_id not in known
    ]
    everything = sum((Money(row.total_minor, order.currency) for row in known.values()), Money.zero(order.currency))
    if sum((totals[row.store_id] for row in new), everything) > order.paid:
        raise OrderNotPaidError
    before = {store_id: Money(row.total_minor, order.currency) for store_id, row in known.items()}
    if any(before.get(store_id, total) != total for store_id, total in totals.items()):
        raise ValueError("the total of an order's part does not change")
    for row in new:
        row.save(force_insert=True)
    return {row.store_id: row for row in [*known.values(), *new] if row.store_id in totals}


def _share_out(order: OrderMoney, parts: Sequence[PartSettlement], at: datetime) -> None:
    """Of a locked order; each part once."""
    weights = {part.store_id: shares_of(part) for part in parts}
    rows = _part_rows(order, {part.store_id: part.total for part in parts})
    for store_id in sorted(weights):
        if rows[store_id].settled_at is None:
            _settle(rows[store_id], order.currency, weights[store_id], at)


def _settle(row: PartMoney, currency: str, shares: Sequence[Money], at: datetime) -> None:
    rest = Money(row.total_minor - row.refunded_minor, currency)
    payable, commission, tax = rest.allocate([share.minor for share in shares])
    legs = [
        Leg(order_escrow(currency), account, share)
        for account, share in zip(_share_accounts(row.store_id, currency), (payable, commission, tax), strict=True)
        if share
    ]
    if legs:
        posted = post_transfer(
            scope=SETTLEMENT_SCOPE,
            key=f"{row.order_id}:{row.store_id}",
            kind=JournalKind.ORDER_SETTLEMENT,
            legs=legs,
            at=at,
            source=f"order:{row.order_id}",
        )
        row.journal_id = posted.journal_id
    row.payable_minor, row.commission_minor, row.tax_minor = payable.minor, commission.minor, tax.minor
    row.settled_at = at
    row.save(update_fields=["payable_minor", "commission_minor", "tax_minor", "settled_at", "journal"])


def _give_back(order: OrderMoney, row: PartMoney, amount: Money) -> list[Leg]:
    """The legs of a part's refund; its row is changed, not saved."""
    left = Money(row.total_minor - row.refunded_minor, order.currency)
    if amount > left:
        raise RefundExceedsPaidError(left=f"{left.decimal:f}", currency=left.currency)
    row.refunded_minor += amount.minor
    wallet = AccountKey.wallet(order.customer_id, order.currency)
    if row.settled_at is None:
        return [Leg(order_escrow(order.currency), wallet, amount)]
    back = amount.allocate(row.shares)
    row.payable_minor, row.commission_minor, row.tax_minor = (
        share - taken.minor for share, taken in zip(row.shares, back, strict=True)
    )
    accounts = _share_accounts(row.store_id, order.currency)
    return [Leg(account, wallet, taken) for account, taken in zip(accounts, back, strict=True) if taken]


def _share_accounts(store_id: UUID, currency: str) -> tuple[AccountKey, AccountKey, AccountKey]:
    return (
        AccountKey.of_store(AccountKind.PAYABLE, store_id, currency),
        AccountKey.house(AccountKind.COMMISSION, currency),
        AccountKey.house(AccountKind.TAX, currency),
    )


def _count_refund(order: OrderMoney, total: Money) -> None:
    order.refunded_minor += total.minor
    order.save(update_fields=["refunded_minor"])
    if order.hold_id is not None:
        # The customer's account is locked since the posting, and a hold changes under that lock.
        Hold.objects.filter(pk=order.hold_id).update(refunded=F("refunded") + total.minor, updated_at=db_now())
    state = OrderPayment.State.PARTLY_REFUNDED if order.refundable else OrderPayment.State.REFUNDED
    OrderPayment.objects.filter(
        order_id=order.pk, state__in=[OrderPayment.State.PAID, OrderPayment.State.PARTLY_REFUNDED]
    ).update(state=state, updated_at=db_now())


def _expect_refunds(parts: Sequence[PartRefund]) -> None:
    if not parts or len({part.store_id for part in parts}) != len(parts):
        raise ValueError("a refund names each store once")
    if any(part.amount.minor <= 0 or part.total.minor < 0 for part in parts):
        raise ValueError("a refund gives something back")


def _expect_hold_for_orders(hold_id: UUID, customer_id: UUID, currency: str) -> None:
    hold = Hold.objects.select_related("payer", "payee").filter(pk=hold_id).first()
    is_fitting = (
        hold is not None
        and hold.payer.owner_id == customer_id
        and hold.payee.kind == AccountKind.ESCROW
        and hold.currency == currency
    )
    if not is_fitting:
        raise UnknownHoldError
