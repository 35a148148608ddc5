"""Deposits: asked for by customers, credited when the provider has the money."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction

from funds.events import DepositCredited, DepositRequested
from funds.ledger.bulk import BulkCredit, post_credits
from funds.ledger.models import JournalKind
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .errors import DepositNotCancellableError, UnknownDepositError, UnknownProviderError
from .models import Deposit, PaymentTask, ProviderPayment
from .providers import PaymentReading, providers_on
from .providers.protocol import ReadingState, provider_id

WAKE_GRACE: Final = timedelta(seconds=1)
"""How long the event's own wake-up has before the sweeper sends another."""

_LATER: Final = frozenset(
    {
        Deposit.State.PARTIALLY_REFUNDED,
        Deposit.State.REFUNDED,
        Deposit.State.DISPUTED,
        Deposit.State.CHARGED_BACK,
    }
)


@transaction.atomic
def request_deposit(*, customer_id: UUID, amount: Money, provider: str, note: str = "") -> Deposit:
    """Record that the customer wants to bring `amount` in; the database alone is needed for this.

    Writes the deposit, the task that will ask the provider, and the event that wakes a worker. Raises
    `UnknownProviderError`, `ValueError` for an amount that is not positive.
    """
    if provider not in providers_on():
        raise UnknownProviderError
    if amount.minor <= 0:
        raise ValueError("a deposit brings something in")
    deposit = Deposit.objects.create(
        customer_id=customer_id, provider=provider, currency=amount.currency, amount_minor=amount.minor, note=note
    )
    task = PaymentTask.objects.create(deposit=deposit, run_at=db_now(), wake_at=db_now() + WAKE_GRACE)
    publish(DepositRequested(deposit_id=deposit.pk, task_id=task.pk, customer_id=customer_id, amount=amount))
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
    deposit.save(update_fields=["state", "updated_at"])
    return deposit


@transaction.atomic
def write_note(*, deposit_id: UUID, customer_id: UUID, note: str) -> Deposit:
    """Change the customer's own words on a deposit. Raises `UnknownDepositError`."""
    deposit = _lock_deposit(deposit_id, customer_id)
    deposit.note = note
    deposit.save(update_fields=["note", "updated_at"])
    return deposit


def record_payment(*, deposit: Deposit, reading: PaymentReading) -> ProviderPayment:
    """Take over what the provider shows; an approved payment is credited exactly once, under its own id.

    The caller holds the deposit's lock. An older reading never overwrites a newer one. A payment that does not match
    the deposit (reference, amount, currency) is set aside for staff and credits nothing. A deposit paid twice is
    credited twice: the customer did pay twice.
    """
    payment, _is_new = ProviderPayment.objects.get_or_create(
        provider=deposit.provider,
        payment_id=reading.payment_id,
        defaults={
            "deposit": deposit,
            "currency": reading.amount.currency,
            "amount_minor": reading.amount.minor,
            "state": ProviderPayment.State.PENDING,
            "provider_updated_at": reading.updated_at,
        },
    )
    is_settled = payment.state in {ProviderPayment.State.APPROVED, ProviderPayment.State.QUARANTINED}
    if is_settled or reading.updated_at < payment.provider_updated_at:
        return payment
    matches = (
        payment.deposit_id == deposit.pk
        and reading.reference == deposit.pk
        and reading.amount == deposit.amount
        and reading.amount == payment.amount
    )
    payment.state = ProviderPayment.State(reading.state.value) if matches else ProviderPayment.State.QUARANTINED
    payment.provider_updated_at = reading.updated_at
    payment.save(update_fields=["state", "provider_updated_at"])
    if payment.state == ProviderPayment.State.APPROVED:
        _credit(deposit, reading)
    elif reading.state == ReadingState.PENDING and deposit.state in Deposit.OPEN_STATES:
        deposit.state = Deposit.State.PENDING
    return payment


@transaction.atomic
def fund_wallets(*, rows: Iterable[tuple[UUID, Money, str]], at: datetime | None = None) -> int:
    """Credit many wallets through the sandbox's clearing account, with deposits and payments as if each had been made.

    Each row is (customer, amount, key); a key that was used before is passed over, so that it can be run again.
    Returns how many were new. Raises `KeyReusedError` for a key with another amount or customer.
    """
    moment = at or read_db_now()
    owner, provider = provider_id("sandbox"), "sandbox"
    deposits = [
        Deposit(
            id=uuid5(NAMESPACE_URL, f"urn:marketplace:opening:{key}"),
            customer_id=customer_id,
            provider=provider,
            currency=amount.currency,
            amount_minor=amount.minor,
            state=Deposit.State.CREDITED,
            credited_at=moment,
        )
        for customer_id, amount, key in rows
    ]
    new = post_credits(
        rows=[
            BulkCredit(
                scope=f"provider:{provider}",
                key=f"opening-{deposit.pk}",
                kind=JournalKind.DEPOSIT,
                debit=AccountKey.clearing(owner, deposit.currency),
                credit=AccountKey.wallet(deposit.customer_id, deposit.currency),
                amount=deposit.amount,
                source=f"deposit:{deposit.pk}",
            )
            for deposit in deposits
        ],
        at=moment,
    )
    Deposit.objects.bulk_create(deposits, ignore_conflicts=True, batch_size=500)
    ProviderPayment.objects.bulk_create(
        [
            ProviderPayment(
                provider=provider,
                payment_id=f"opening-{deposit.pk}",
                deposit=deposit,
                currency=deposit.currency,
                amount_minor=deposit.amount_minor,
                state=ProviderPayment.State.APPROVED,
                provider_updated_at=moment,
            )
            for deposit in deposits
        ],
        ignore_conflicts=True,
        batch_size=500,
    )
    return new


def _credit(deposit: Deposit, reading: PaymentReading) -> None:
    post_transfer(
        scope=f"provider:{deposit.provider}",
        key=reading.payment_id,
        kind=JournalKind.DEPOSIT,
        legs=[
            Leg(
                AccountKey.clearing(provider_id(deposit.provider), reading.amount.currency),
                AccountKey.wallet(deposit.customer_id, reading.amount.currency),
                reading.amount,
            )
        ],
        at=reading.updated_at,
        source=f"deposit:{deposit.pk}",
    )
    if deposit.state not in _LATER:
        deposit.state = Deposit.State.CREDITED
        deposit.credited_at = reading.updated_at
    publish(DepositCredited(deposit_id=deposit.pk, customer_id=deposit.customer_id, amount=reading.amount))


def _lock_deposit(deposit_id: UUID, customer_id: UUID) -> Deposit:
    found = lock(LockRank.PAYMENT, Deposit.objects.filter(pk=deposit_id, customer_id=customer_id))
    if not found:
        raise UnknownDepositError
    return found[0]
