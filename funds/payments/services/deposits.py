"""Deposits: asked for by customers. What providers say about them is taken over in `recording`."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from funds.events import DepositCancelled
from funds.payments.errors import (
    CurrencyNotTakenError,
    DepositNotCancellableError,
    UnknownDepositError,
    UnknownProviderError,
)
from funds.payments.models import Deposit, PaymentTask
from funds.payments.providers import provider_named
from marketplace.core.clock import db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .queueing import queue_task

LIFETIME: Final = timedelta(hours=48)
"""How long a checkout can be paid. Cash vouchers need a day or two."""
FIRST_CHECK: Final = timedelta(minutes=1)


@transaction.atomic
def request_deposit(
    *, customer_id: UUID, amount: Money, provider: str, note: str = "", order_id: UUID | None = None
) -> Deposit:
    """Record that the customer wants to bring `amount` in; the database alone is needed for this.

    Writes the deposit, the task that will ask the provider, and the event that wakes a worker. `order_id` is the order
    it is meant for. Raises `UnknownProviderError`, `CurrencyNotTakenError`, `ValueError` for an amount that is not
    positive.
    """
    try:
        takes = provider_named(provider).takes(amount.currency)
    except KeyError as error:
        raise UnknownProviderError from error
    if not takes:
        raise CurrencyNotTakenError(currency=amount.currency)
    if amount.minor <= 0:
        raise ValueError("a deposit brings something in")
    deposit = Deposit.objects.create(
        customer_id=customer_id,
        provider=provider,
        currency=amount.currency,
        amount_minor=amount.minor,
        note=note,
        order_id=order_id,
        expires_at=db_now() + LIFETIME,
        next_check_at=db_now() + FIRST_CHECK,
    )
    queue_task(kind=PaymentTask.Kind.START_DEPOSIT, provider=provider, deposit=deposit)
    return deposit


@transaction.atomic
def cancel_deposit(*, deposit_id: UUID, customer_id: UUID) -> Deposit:
    """Call a deposit off while nothing was sent to the provider; harmless twice.

    Raises `UnknownDepositError`, `DepositNotCancellableError` once a worker has taken it up.
    """
    deposit = _lock_deposit(deposit_id, customer_id)
    if deposit.state == Deposit.State.CANCELLED:
        return deposit
    called_off = PaymentTask.objects.filter(deposit=deposit, state=PaymentTask.State.QUEUED, attempts=0).update(
        state=PaymentTask.State.CANCELLED, updated_at=db_now()
    )
    if deposit.state != Deposit.State.CREATED or not called_off:
        raise DepositNotCancellableError(state=deposit.state)
    deposit.state = Deposit.State.CANCELLED
    deposit.next_check_at = None
    deposit.save(update_fields=["state", "next_check_at", "updated_at"])
    publish(DepositCancelled(deposit_id=deposit.pk, customer_id=customer_id, order_id=deposit.order_id))
    return deposit


@transaction.atomic
def write_note(*, deposit_id: UUID, customer_id: UUID, note: str) -> Deposit:
    """Change the customer's own words on a deposit. Raises `UnknownDepositError`."""
    deposit = _lock_deposit(deposit_id, customer_id)
    deposit.note = note
    deposit.save(update_fields=["note", "updated_at"])
    return deposit


def _lock_deposit(deposit_id: UUID, customer_id: UUID) -> Deposit:
    found = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=deposit_id, customer_id=customer_id))
    if not found:
        raise UnknownDepositError
    return found[0]
