"""Paying an order: at once from the wallet, or when the provider's part has come in."""

from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from funds.contracts import OrderPaymentCard
from funds.events import OrderPaymentFailed, OrderPaymentSucceeded
from funds.ledger.errors import HoldNotActiveError, InsufficientFundsError, KeyReusedError
from funds.ledger.services import place_hold, release_hold
from funds.ledger.terms import AccountKey
from funds.order_money.errors import (
    OrderPaymentExistsError,
    OrderPaymentNotCancellableError,
    UnknownOrderPaymentError,
)
from funds.order_money.models import OrderMoney, OrderPayment
from funds.order_money.selectors import card_of
from funds.payments.errors import DepositNotCancellableError
from funds.payments.models import Deposit
from funds.payments.services import cancel_deposit, request_deposit
from funds.wallets.services import ORDER_SCOPE, order_escrow, pay_order
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

State = OrderPayment.State


@transaction.atomic
def start_order_payment(
    *, order_id: UUID, customer_id: UUID, total: Money, from_wallet: Money, provider: str = "", lasts: timedelta
) -> OrderPaymentCard:
    """Pay the order from the wallet at once, or begin to: hold the wallet's part and ask the provider for the rest.

    What the provider brings goes into the wallet, and from there the whole order is paid, within `lasts` by the
    database's clock or not at all. One payment of an order is alive at a time: the same call again gives the same
    one. Raises `OrderPaymentExistsError`, `InsufficientFundsError`, `UnknownProviderError`, `CurrencyMismatchError`,
    `ValueError` for a split that makes no sense.
    """
    payment = _new_payment(order_id, customer_id, total, from_wallet, provider)
    _expect_sense(payment, lasts)
    if _is_paid_from_hold(order_id):
        raise OrderPaymentExistsError
    for other in lock(LockRank.PAYMENT, _live(order_id)):
        if other.state != State.AWAITING or other.expires_at is None or other.expires_at > read_db_now():
            return _same(other, customer_id, total, from_wallet, provider)
        _end(other, State.EXPIRED)
    if not payment.provider:
        card = _pay_at_once(payment)
        _tell_success(payment)
        return card
    return _await_deposit(payment, lasts)


@transaction.atomic
def pay_new_order(
    *, order_id: UUID, customer_id: UUID, total: Money, from_wallet: Money, provider: str = "", lasts: timedelta
) -> OrderPaymentCard:
    """As `start_order_payment`, for an order that is written in the caller's transaction: nobody else can pay it.

    Nothing is locked but the wallet, so that stock may be taken before; `OrderPaymentSucceeded` is not published,
    because the caller sees the answer. Raises `InsufficientFundsError`, `UnknownProviderError`,
    `CurrencyMismatchError`, `ValueError`.
    """
    payment = _new_payment(order_id, customer_id, total, from_wallet, provider)
    _expect_sense(payment, lasts)
    if provider:
        return _await_deposit(payment, lasts)
    payment.state, payment.paid_at = State.PAID, db_now()
    payment.save(force_insert=True)
    pay_order(order_id=order_id, customer_id=customer_id, total=total)
    return card_of(payment)


@transaction.atomic
def call_off_order_payment(*, order_id: UUID) -> bool:
    """End the payment of an order that is over, if one waits; whether the order was paid before that. Harmless twice.

    The wallet's part is free again, and what still comes in stays in the wallet.
    """
    for payment in lock(LockRank.PAYMENT, _live(order_id)):
        if payment.state != State.AWAITING:
            return True
        _cancel(payment)
    return False


@transaction.atomic
def finish_order_payment(*, deposit_id: UUID) -> None:
    """The provider's part is in the wallet: free the wallet's part and pay the whole order, or end the payment.

    A payment whose part came too late, or whose wallet holds too little, leaves the money where it is. What counts is
    when it was credited, not when somebody says so. Harmless twice; a deposit that belongs to no order's payment is
    none of our business.
    """
    payment = _lock_by_deposit(deposit_id)
    if payment is not None and payment.state == State.AWAITING:
        _finish(payment)


@transaction.atomic
def fail_order_payment(*, deposit_id: UUID) -> None:
    """The provider's part will not come. Harmless twice."""
    payment = _lock_by_deposit(deposit_id)
    if payment is not None and payment.state == State.AWAITING:
        _end(payment, State.FAILED)


@transaction.atomic
def cancel_order_payment(*, payment_id: UUID, customer_id: UUID) -> OrderPaymentCard:
    """Call a payment off; the wallet's part is free again, and what still comes in stays in the wallet. Harmless twice.

    Raises `UnknownOrderPaymentError`, `OrderPaymentNotCancellableError` when it is over.
    """
    found = lock(LockRank.PAYMENT, OrderPayment.objects.filter(pk=payment_id, customer_id=customer_id))
    if not found:
        raise UnknownOrderPaymentError
    (payment,) = found
    if payment.state == State.CANCELLED:
        return card_of(payment)
    if payment.state != State.AWAITING:
        raise OrderPaymentNotCancellableError(state=payment.state)
    _cancel(payment)
    return card_of(payment)


def is_order_paid(*, order_id: UUID) -> bool:
    """Whether a payment of the order has been made; it stays as it is until the caller's transaction ends."""
    return any(payment.state != State.AWAITING for payment in lock(LockRank.PAYMENT, _live(order_id)))


@transaction.atomic
def expire_order_payment(*, order_id: UUID) -> bool:
    """End the payment of an order whose time is over, if one waits; whether the order is paid. Harmless twice.

    A provider's part that was credited in time pays the order here, although nobody has said so yet.
    """
    for payment in lock(LockRank.PAYMENT, _live(order_id)):
        if payment.state != State.AWAITING:
            return True
        if _came_in_time(payment):
            return _finish(payment)
        _call_off_deposit(payment)
        _free(payment)
        payment.state = State.EXPIRED
        payment.save(update_fields=["state", "updated_at"])
    return False


def late_payment(*, order_id: UUID, deposit_id: UUID) -> OrderPaymentCard | None:
    """The expired payment of the order whose deposit has come in after all, locked for `pay_late`; None otherwise.

    A payment that was called off is no such: what still comes in for it stays in the wallet.
    """
    found = lock(
        LockRank.PAYMENT,
        OrderPayment.objects.filter(order_id=order_id, deposit=deposit_id, state=State.EXPIRED),
    )
    if not found or not Deposit.objects.filter(pk=deposit_id, credited_at__isnull=False).exists():
        return None
    return card_of(found[0])


def pay_late(*, payment_id: UUID) -> OrderPaymentCard:
    """Pay an order from the wallet by the payment that `late_payment` has locked, in the caller's transaction.

    Raises `InsufficientFundsError`, `OrderPaymentExistsError` where another payment is alive.
    """
    try:
        with transaction.atomic():
            OrderPayment.objects.filter(pk=payment_id, state=State.EXPIRED).update(
                state=State.PAID, paid_at=db_now(), updated_at=db_now()
            )
    except IntegrityError as error:
        raise OrderPaymentExistsError from error
    payment = OrderPayment.objects.get(pk=payment_id)
    pay_order(order_id=payment.order_id, customer_id=payment.customer_id, total=payment.total)
    return card_of(payment)


def expire_order_payments(*, limit: int = 200) -> int:
    """End payments whose moment has passed, a transaction each (tidying: the clock has ended them); how many."""
    lapsed = OrderPayment.objects.filter(state=State.AWAITING, expires_at__lte=db_now()).order_by("expires_at")
    return sum(_expire(payment_id) for payment_id in list(lapsed.values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _expire(payment_id: UUID) -> bool:
    lapsed = OrderPayment.objects.filter(pk=payment_id, state=State.AWAITING, expires_at__lte=db_now())
    for payment in lock(LockRank.PAYMENT, lapsed):
        _finish(payment)
        return True
    return False


def _finish(payment: OrderPayment) -> bool:
    """Pay the order by a locked payment that waits, or end it; whether it is paid."""
    if not _came_in_time(payment):
        _end(payment, State.EXPIRED)
        return False
    if _is_paid_from_hold(payment.order_id):
        _end(payment, State.FAILED)
        return False
    _free(payment)
    try:
        pay_order(order_id=payment.order_id, customer_id=payment.customer_id, total=payment.total)
    except (InsufficientFundsError, KeyReusedError):
        _end(payment, State.FAILED)
        return False
    payment.state, payment.paid_at = State.PAID, read_db_now()
    payment.save(update_fields=["state", "paid_at", "updated_at"])
    _tell_success(payment)
    return True


def _came_in_time(payment: OrderPayment) -> bool:
    """Whether the provider's part was credited while the payment could still be made."""
    if payment.deposit_id is None or payment.expires_at is None:
        return False
    credited = Deposit.objects.filter(pk=payment.deposit_id).values_list("credited_at", flat=True).first()
    return credited is not None and credited <= payment.expires_at


def _new_payment(order_id: UUID, customer_id: UUID, total: Money, from_wallet: Money, provider: str) -> OrderPayment:
    _ = total - from_wallet  # of one currency
    return OrderPayment(
        id=uuid7(),
        order_id=order_id,
        customer_id=customer_id,
        currency=total.currency,
        total_minor=total.minor,
        wallet_minor=from_wallet.minor,
        provider=provider,
    )


def _expect_sense(payment: OrderPayment, lasts: timedelta) -> None:
    rest = payment.total - payment.from_wallet
    if min(rest.minor, payment.wallet_minor) < 0 or bool(rest) != bool(payment.provider) or lasts <= timedelta(0):
        raise ValueError("the wallet's part and the provider's part make the total, within some time")


def _pay_at_once(payment: OrderPayment) -> OrderPaymentCard:
    payment.state, payment.paid_at = State.PAID, read_db_now()
    _insert(payment)
    pay_order(order_id=payment.order_id, customer_id=payment.customer_id, total=payment.total)
    return card_of(payment)


def _await_deposit(payment: OrderPayment, lasts: timedelta) -> OrderPaymentCard:
    """Hold the wallet's part, and ask the provider for the rest."""
    payment.deposit = request_deposit(
        customer_id=payment.customer_id,
        amount=payment.total - payment.from_wallet,
        provider=payment.provider,
        order_id=payment.order_id,
    )
    payment.expires_at = read_db_now() + lasts
    _insert(payment)
    if payment.from_wallet:
        placed = place_hold(
            scope=ORDER_SCOPE,
            key=f"payment:{payment.pk}",
            payer=AccountKey.wallet(payment.customer_id, payment.currency),
            payee=order_escrow(payment.currency),
            amount=payment.from_wallet,
            lasts=lasts,
            source=f"order:{payment.order_id}",
        )
        payment.hold_id = placed.hold_id
        payment.save(update_fields=["hold", "updated_at"])
    return card_of(payment)


def _cancel(payment: OrderPayment) -> None:
    _call_off_deposit(payment)
    _free(payment)
    payment.state = State.CANCELLED
    payment.save(update_fields=["state", "updated_at"])


def _insert(payment: OrderPayment) -> None:
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError as error:
        # Somebody began to pay the order between our look and our insert.
        raise OrderPaymentExistsError from error


def _same(
    payment: OrderPayment, customer_id: UUID, total: Money, from_wallet: Money, provider: str
) -> OrderPaymentCard:
    known = (payment.customer_id, payment.total, payment.from_wallet, payment.provider)
    if known != (customer_id, total, from_wallet, provider):
        raise OrderPaymentExistsError
    return card_of(payment)


def _end(payment: OrderPayment, state: OrderPayment.State) -> None:
    _free(payment)
    payment.state = state
    payment.save(update_fields=["state", "updated_at"])
    publish(
        OrderPaymentFailed(
            payment_id=payment.pk,
            order_id=payment.order_id,
            customer_id=payment.customer_id,
            total=payment.total,
        )
    )


def _free(payment: OrderPayment) -> None:
    """Give the wallet's part back to the wallet; the clock may have done so already."""
    if payment.hold_id is None:
        return
    try:
        release_hold(hold_id=payment.hold_id)
    except HoldNotActiveError:
        return


def _call_off_deposit(payment: OrderPayment) -> None:
    if payment.deposit_id is None:
        return
    try:
        cancel_deposit(deposit_id=payment.deposit_id, customer_id=payment.customer_id)
    except DepositNotCancellableError:
        return  # it is with the provider: whatever it brings is the customer's


def _tell_success(payment: OrderPayment) -> None:
    publish(
        OrderPaymentSucceeded(
            payment_id=payment.pk,
            order_id=payment.order_id,
            customer_id=payment.customer_id,
            total=payment.total,
        )
    )


def _is_paid_from_hold(order_id: UUID) -> bool:
    return OrderMoney.objects.filter(pk=order_id, hold__isnull=False).exists()


def _live(order_id: UUID) -> "QuerySet[OrderPayment]":
    return OrderPayment.objects.filter(order_id=order_id, state__in=OrderPayment.LIVE_STATES)


def _lock_by_deposit(deposit_id: UUID) -> OrderPayment | None:
    found = lock(LockRank.PAYMENT, OrderPayment.objects.filter(deposit_id=deposit_id))
    return found[0] if found else None
