"""Money on its way to a bank account: held at once, sent from the queue, released only on a definite refusal."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from funds.events import PayoutRefused, PayoutSettled
from funds.ledger.models import Account, AccountKind, JournalKind, OwnerKind
from funds.ledger.ports import insufficient
from funds.ledger.services import capture_hold, place_hold, post_transfer, release_hold, roll_up_account
from funds.ledger.terms import AccountKey, Leg
from funds.payments.errors import (
    AnswerMismatchError,
    PayoutNotCancellableError,
    UnknownPayoutError,
    UnknownProviderError,
)
from funds.payments.models import PaymentTask, Payout
from funds.payments.providers import provider_named
from funds.payments.providers.protocol import PayoutReading, PayoutState, provider_id
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.ids import uuid7
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish

from .debts import pay_debt
from .queueing import queue_task
from .refunds import UNTIL_SETTLED

FIRST_CHECK: Final = timedelta(minutes=1)


@transaction.atomic
def request_withdrawal(*, customer_id: UUID, amount: Money, destination: str, note: str = "") -> Payout:
    """Hold `amount` of the customer's wallet and queue its way to `destination` (a bank account).

    What the customer owes is paid first: charged-back money must not leave by another door. Raises
    `InsufficientFundsError`, `UnknownProviderError` where nobody pays out, `ValueError` for nothing.
    """
    payout_id = uuid7()
    pay_debt(customer_id=customer_id, currency=amount.currency, key=f"withdrawal:{payout_id}", at=read_db_now())
    hold = place_hold(
        scope="withdrawal",
        key=str(payout_id),
        payer=AccountKey.wallet(customer_id, amount.currency),
        payee=_clearing(amount.currency),
        amount=amount,
        lasts=UNTIL_SETTLED,
        source=f"payout:{payout_id}",
    )
    return _queue_payout(
        payout_id, hold.hold_id, OwnerKind.CUSTOMER, customer_id, amount, destination, note, customer_id
    )


@transaction.atomic
def request_store_payout(*, store_id: UUID, amount: Money, destination: str, requested_by: UUID | None) -> Payout:
    """Set `amount` of what the store is owed aside and queue its way to `destination`.

    The payable account is lazy: its row is locked and its deltas are folded first, so that what is compared is all
    there is; what is set aside moves to the store's strict reserve. Raises `InsufficientFundsError`,
    `UnknownProviderError`, `ValueError` for nothing.
    """
    payout_id = uuid7()
    payable = AccountKey.of_store(AccountKind.PAYABLE, store_id, amount.currency)
    reserve = AccountKey.of_store(AccountKind.PAYOUT, store_id, amount.currency)
    _expect_owed(payable, amount)
    source = f"payout:{payout_id}"
    post_transfer(
        scope="payout",
        key=str(payout_id),
        kind=JournalKind.RESERVE,
        legs=[Leg(payable, reserve, amount)],
        source=source,
    )
    hold = place_hold(
        scope="payout",
        key=str(payout_id),
        payer=reserve,
        payee=_clearing(amount.currency),
        amount=amount,
        lasts=UNTIL_SETTLED,
        source=source,
    )
    return _queue_payout(payout_id, hold.hold_id, OwnerKind.STORE, store_id, amount, destination, "", requested_by)


@transaction.atomic
def cancel_payout(*, payout_id: UUID, owner_id: UUID) -> Payout:
    """Call a payout off while nothing was sent to the provider; the money is free again. Harmless twice.

    Raises `UnknownPayoutError` (also for somebody else's), `PayoutNotCancellableError`.
    """
    payout = lock_payout(payout_id)
    if payout.owner_id != owner_id:
        raise UnknownPayoutError
    if payout.state == Payout.State.CANCELLED:
        return payout
    called_off = PaymentTask.objects.filter(payout=payout, state=PaymentTask.State.QUEUED, attempts=0).update(
        state=PaymentTask.State.CANCELLED, updated_at=db_now()
    )
    if payout.state != Payout.State.REQUESTED or not called_off:
        raise PayoutNotCancellableError(state=payout.state)
    _give_back(payout)
    payout.state = Payout.State.CANCELLED
    payout.save(update_fields=["state", "updated_at"])
    return payout


def record_payout(*, payout: Payout, reading: PayoutReading) -> None:
    """Take over what the provider shows; an ended payout stays as it ended. The caller holds the payout's lock.

    Raises `AnswerMismatchError` for another amount or reference: a person has to look.
    """
    if payout.state not in Payout.OPEN_STATES:
        return
    if reading.amount != payout.amount or reading.reference != payout.pk:
        raise AnswerMismatchError(f"{reading.amount} under {reading.reference}")
    payout.provider_payout_id = reading.payout_id
    match reading.state:
        case PayoutState.ACCEPTED:
            if payout.state == Payout.State.REQUESTED:
                payout.state = Payout.State.ACCEPTED
                payout.next_check_at = reading.updated_at + FIRST_CHECK
        case PayoutState.SETTLED:
            _settle(payout, reading)
        case PayoutState.REFUSED:
            fail_payout(payout=payout, because=reading.detail)
            return
    payout.save(update_fields=["state", "provider_payout_id", "next_check_at", "settled_at", "updated_at"])


def fail_payout(*, payout: Payout, because: str) -> None:
    """A definite no: the money is back where it was. The caller holds the payout's lock."""
    if payout.state not in Payout.OPEN_STATES:
        return
    _give_back(payout)
    payout.state = Payout.State.FAILED
    payout.failure = because[:200]
    payout.next_check_at = None
    payout.save(update_fields=["state", "failure", "next_check_at", "provider_payout_id", "updated_at"])
    publish(PayoutRefused(payout_id=payout.pk, amount=payout.amount, **_owner(payout)))


def lock_payout(payout_id: UUID) -> Payout:
    """Lock it; raises `UnknownPayoutError`."""
    found = lock(LockRank.PAYMENT, Payout.objects.filter(pk=payout_id))
    if not found:
        raise UnknownPayoutError
    return found[0]


def _settle(payout: Payout, reading: PayoutReading) -> None:
    kind = JournalKind.STORE_PAYOUT if payout.owner_kind == OwnerKind.STORE else JournalKind.WITHDRAWAL
    capture_hold(hold_id=payout.hold_id, key="settled", at=reading.updated_at, kind=kind)
    payout.state = Payout.State.SETTLED
    payout.settled_at = reading.updated_at
    payout.next_check_at = None
    publish(PayoutSettled(payout_id=payout.pk, amount=payout.amount, **_owner(payout)))


def _give_back(payout: Payout) -> None:
    release_hold(hold_id=payout.hold_id)
    if payout.owner_kind == OwnerKind.STORE:
        reserve = AccountKey.of_store(AccountKind.PAYOUT, payout.owner_id, payout.currency)
        payable = AccountKey.of_store(AccountKind.PAYABLE, payout.owner_id, payout.currency)
        post_transfer(
            scope="payout",
            key=f"{payout.pk}:back",
            kind=JournalKind.RESERVE,
            legs=[Leg(reserve, payable, payout.amount)],
            source=f"payout:{payout.pk}",
        )


def _queue_payout(
    payout_id: UUID,
    hold_id: UUID,
    owner_kind: OwnerKind,
    owner_id: UUID,
    amount: Money,
    destination: str,
    note: str,
    requested_by: UUID | None,
) -> Payout:
    payout = Payout.objects.create(
        id=payout_id,
        owner_kind=owner_kind,
        owner_id=owner_id,
        provider=settings.PAYOUT_PROVIDER,
        currency=amount.currency,
        amount_minor=amount.minor,
        destination=destination,
        hold_id=hold_id,
        note=note,
        requested_by=requested_by,
    )
    queue_task(kind=PaymentTask.Kind.PAYOUT, provider=payout.provider, payout=payout)
    return payout


def _expect_owed(payable: AccountKey, amount: Money) -> None:
    rows = Account.objects.filter(
        owner_kind=payable.owner_kind, owner_id=payable.owner_id, kind=payable.kind, currency=payable.currency
    )
    for account in lock(LockRank.ACCOUNT, rows):
        owed = roll_up_account(account_id=account.pk)
        if owed >= amount.minor:
            return
        raise insufficient(amount.minor - owed, amount.currency)
    raise insufficient(amount.minor, amount.currency)


def _clearing(currency: str) -> AccountKey:
    try:
        can_pay_out = provider_named(settings.PAYOUT_PROVIDER).can_pay_out
    except KeyError as error:
        raise UnknownProviderError from error
    if not can_pay_out:
        raise UnknownProviderError
    return AccountKey.clearing(provider_id(settings.PAYOUT_PROVIDER), currency)


def _owner(payout: Payout) -> dict[str, UUID | None]:
    is_store = payout.owner_kind == OwnerKind.STORE
    return {"customer_id": None if is_store else payout.owner_id, "store_id": payout.owner_id if is_store else None}
