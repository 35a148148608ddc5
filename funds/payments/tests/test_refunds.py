"""A refund from the request to the payer's card, through every way an answer can be lost."""

import contextlib

import pytest

from funds.ledger.errors import InsufficientFundsError
from funds.ledger.models import Hold, Journal, JournalKind
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments.errors import NotRefundableError, RefundExceedsPaymentError, UnknownDepositError
from funds.payments.models import Deposit, PaymentAttempt, PaymentEvent, PaymentTask, Refund
from funds.payments.providers.protocol import (
    ProviderRefusedError,
    ProviderUncertainError,
    ReadingState,
    RefundReading,
)
from funds.payments.services import request_refund, request_withdrawal
from funds.payments.work import run_task
from funds.wallets.selectors import wallets_of
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.relay import drain

from .providers import Killed, ScriptedProvider, raising
from .readings import clearing, deposit_for, mxn, paid_deposit, pass_time, record, refunded


def ask_for(payment, minor: int = 2000) -> tuple[Refund, PaymentTask]:
    refund = request_refund(payment_id=payment.pk, amount=mxn(minor), reason="changed their mind", requested_by=None)
    return refund, PaymentTask.objects.get(refund=refund)


def test_money_is_held_at_once_and_leaves_when_the_provider_has_given_it_back():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    refund, _task = ask_for(payment)
    assert posted_and_held(customer) == (5000, 2000)

    drain()

    refund.refresh_from_db()
    deposit.refresh_from_db()
    assert refund.state == Refund.State.SETTLED
    assert deposit.state == Deposit.State.PARTIALLY_REFUNDED
    assert posted_and_held(customer) == (3000, 0)
    assert clearing() == -3000
    (balance,) = wallets_of(customer)
    assert (balance.deposited.minor, balance.spent.minor) == (3000, 0)
    assert Journal.objects.filter(kind=JournalKind.DEPOSIT_REFUND).count() == 1


@pytest.mark.parametrize("fault", [Killed(), ProviderUncertainError("time-out")], ids=["killed", "time-out"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_answer_that_is_lost_gives_back_once(fault, moment):
    customer = customer_with()
    _deposit, payment = paid_deposit(customer)
    _refund, task = ask_for(payment)
    provider = ScriptedProvider()
    setattr(provider, moment, raising(fault))
    with contextlib.suppress(Killed):
        run_task(task_id=task.pk, provider=provider)
    pass_time()
    provider.before = provider.after = None

    assert run_task(task_id=task.pk, provider=provider)

    assert len(provider.accepted) == 1
    assert PaymentAttempt.objects.filter(task=task).values("key").distinct().count() == 1
    assert posted_and_held(customer) == (3000, 0)


def test_reconciliation_may_see_our_refund_before_the_worker_does():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    refund, task = ask_for(payment)
    provider = ScriptedProvider(after=raising(Killed()))
    with pytest.raises(Killed):
        run_task(task_id=task.pk, provider=provider)
    made = next(iter(provider.accepted.values()))
    assert isinstance(made, RefundReading)

    record(deposit, payment_id=payment.payment_id, minutes=1, refunds=(made,))
    pass_time()
    provider.after = None
    run_task(task_id=task.pk, provider=provider)

    refund.refresh_from_db()
    assert (refund.state, refund.provider_refund_id) == (Refund.State.SETTLED, made.refund_id)
    assert PaymentEvent.objects.filter(kind=PaymentEvent.Kind.REFUNDED).count() == 1
    assert posted_and_held(customer) == (3000, 0)
    assert PaymentTask.objects.get(pk=task.pk).state == PaymentTask.State.DONE


def test_a_definite_no_frees_the_money():
    customer = customer_with()
    _deposit, payment = paid_deposit(customer)
    refund, task = ask_for(payment)

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(ProviderRefusedError("too old"))))

    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert posted_and_held(customer) == (5000, 0)


def test_no_more_is_refunded_than_is_left_of_the_payment():
    customer = customer_with(100_00)
    deposit, payment = paid_deposit(customer)
    ask_for(payment, 2000)
    record(deposit, payment_id=payment.payment_id, minutes=1, refunds=(refunded("theirs", 1000),))

    with pytest.raises(RefundExceedsPaymentError) as refusal:
        ask_for(payment, 2001)

    assert refusal.value.params == {"left": "20.00", "currency": "MXN"}
    assert Refund.objects.count() == 1
    ask_for(payment, 2000)


def test_refusals_change_nothing():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    request_withdrawal(customer_id=customer, amount=mxn(4000), destination="012345678901234567")

    with pytest.raises(InsufficientFundsError):
        ask_for(payment, 1001)
    with pytest.raises(CurrencyMismatchError):
        request_refund(payment_id=payment.pk, amount=Money(1, "USD"), reason="x", requested_by=None)
    with pytest.raises(UnknownDepositError):
        request_refund(payment_id=0, amount=mxn(1), reason="x", requested_by=None)
    record(deposit, payment_id=payment.payment_id, state=ReadingState.DISPUTED, minutes=1)
    with pytest.raises(NotRefundableError):
        ask_for(payment, 1)
    waiting = record(deposit_for(customer), payment_id="w", state=ReadingState.PENDING).payment
    with pytest.raises(NotRefundableError):
        ask_for(waiting, 1)

    assert Refund.objects.count() == 0
    assert Hold.objects.count() == 1
    assert posted_and_held(customer) == (5000, 4000)
