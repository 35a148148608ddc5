"""Payouts to customers and stores: held at once, sent once, freed only on a definite no."""

import contextlib
from uuid import uuid4

import pytest

from funds.events import PayoutRefused, PayoutSettled
from funds.ledger.errors import InsufficientFundsError
from funds.ledger.models import AccountKind, Journal, JournalKind
from funds.ledger.selectors import balance_of
from funds.ledger.services import post_transfer
from funds.ledger.terms import AccountKey, Leg
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments.errors import PayoutNotCancellableError, UnknownPayoutError, UnknownProviderError
from funds.payments.models import PaymentTask, Payout
from funds.payments.providers.protocol import PayoutState, ProviderRefusedError, ProviderUncertainError
from funds.payments.providers.sandbox import PENDING
from funds.payments.reconciliation import check_unsettled
from funds.payments.services import cancel_payout, request_store_payout, request_withdrawal
from funds.payments.work import MAX_ATTEMPTS, run_task
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain

from .providers import Killed, ScriptedProvider, raising
from .readings import LONG_AGO, clearing, mxn, pass_time, published

CLABE = "032180000118359719"


def withdraw(customer, minor: int = 3000) -> tuple[Payout, PaymentTask]:
    payout = request_withdrawal(customer_id=customer, amount=mxn(minor), destination=CLABE)
    return payout, PaymentTask.objects.get(payout=payout)


def owed_to(store, minor: int) -> None:
    post_transfer(
        scope="test",
        key=str(uuid4()),
        kind=JournalKind.TRANSFER,
        legs=[Leg(AccountKey.house(AccountKind.ESCROW, "MXN"), payable(store), mxn(minor))],
    )


def payable(store) -> AccountKey:
    return AccountKey.of_store(AccountKind.PAYABLE, store, "MXN")


def test_a_withdrawal_is_held_sent_and_settled():
    customer = customer_with(50_00)
    payout, _task = withdraw(customer)
    assert posted_and_held(customer) == (5000, 3000)

    drain()

    payout.refresh_from_db()
    assert (payout.state, payout.provider_payout_id[:8]) == (Payout.State.SETTLED, "sandbox-")
    assert posted_and_held(customer) == (2000, 0)
    assert clearing() == -2000
    assert Journal.objects.filter(kind=JournalKind.WITHDRAWAL).count() == 1
    assert published(PayoutSettled) == 1


@pytest.mark.parametrize("fault", [Killed(), ProviderUncertainError("reset")], ids=["killed", "reset"])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_answer_that_is_lost_pays_once(fault, moment):
    customer = customer_with(50_00)
    _payout, task = withdraw(customer)
    provider = ScriptedProvider()
    setattr(provider, moment, raising(fault))
    with contextlib.suppress(Killed):
        run_task(task_id=task.pk, provider=provider)
    assert posted_and_held(customer) == (5000, 3000)
    pass_time()
    provider.before = provider.after = None

    run_task(task_id=task.pk, provider=provider)

    assert len(provider.accepted) == 1
    assert provider.calls[1] == "find payout"
    assert posted_and_held(customer) == (2000, 0)


def test_the_money_stays_held_when_the_task_is_parked():
    customer = customer_with(50_00)
    payout, task = withdraw(customer)
    provider = ScriptedProvider(before=raising(ProviderUncertainError("time-out")))

    for _ in range(MAX_ATTEMPTS + 2):
        run_task(task_id=task.pk, provider=provider)
        pass_time()

    task.refresh_from_db()
    payout.refresh_from_db()
    assert (task.state, payout.state) == (PaymentTask.State.NEEDS_REVIEW, Payout.State.REQUESTED)
    assert posted_and_held(customer) == (5000, 3000)


def test_a_definite_no_gives_the_money_back():
    customer = customer_with(50_00)
    payout, task = withdraw(customer)

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(ProviderRefusedError("no such account"))))

    payout.refresh_from_db()
    assert (payout.state, payout.failure) == (Payout.State.FAILED, "no such account")
    assert posted_and_held(customer) == (5000, 0)
    assert published(PayoutRefused) == 1


def test_what_the_provider_only_accepted_is_asked_about_until_it_has_arrived():
    customer = customer_with(1000_00)
    payout, _task = withdraw(customer, PENDING)
    drain()
    payout.refresh_from_db()
    assert payout.state == Payout.State.ACCEPTED
    assert posted_and_held(customer) == (1000_00, PENDING)

    assert check_unsettled() == 0  # not yet
    Payout.objects.update(next_check_at=LONG_AGO)
    assert check_unsettled() == 1

    payout.refresh_from_db()
    assert (payout.state, payout.next_check_at) == (Payout.State.SETTLED, None)
    assert posted_and_held(customer) == (1000_00 - PENDING, 0)


def test_an_answer_about_another_amount_is_parked():
    customer = customer_with(50_00)
    payout, task = withdraw(customer)

    class Odd(ScriptedProvider):
        def start_payout(self, **call):
            made = super().start_payout(**call)
            return type(made)(made.payout_id, made.reference, PayoutState.SETTLED, mxn(2999), made.updated_at)

    run_task(task_id=task.pk, provider=Odd())

    task.refresh_from_db()
    payout.refresh_from_db()
    assert (task.state, payout.state) == (PaymentTask.State.NEEDS_REVIEW, Payout.State.REQUESTED)
    assert posted_and_held(customer) == (5000, 3000)


def test_cancelling_frees_the_money_while_nothing_was_sent():
    customer = customer_with(50_00)
    payout, _task = withdraw(customer)

    for _ in range(2):
        assert cancel_payout(payout_id=payout.pk, owner_id=customer).state == Payout.State.CANCELLED
    drain()

    assert posted_and_held(customer) == (5000, 0)


def test_what_was_sent_cannot_be_cancelled_and_nobody_elses_either():
    customer = customer_with(50_00)
    payout, task = withdraw(customer)
    with pytest.raises(UnknownPayoutError):
        cancel_payout(payout_id=payout.pk, owner_id=uuid4())
    with pytest.raises(Killed):
        run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(Killed())))

    with pytest.raises(PayoutNotCancellableError):
        cancel_payout(payout_id=payout.pk, owner_id=customer)

    assert posted_and_held(customer) == (5000, 3000)


def test_a_payout_of_more_than_is_free_changes_nothing(settings):
    customer = customer_with(50_00)
    withdraw(customer, 3000)

    with pytest.raises(InsufficientFundsError):
        withdraw(customer, 2001)
    settings.PAYOUT_PROVIDER = "mercadopago"
    with pytest.raises(UnknownProviderError):
        withdraw(customer, 1)

    assert Payout.objects.count() == PaymentTask.objects.count() == 1
    assert posted_and_held(customer) == (5000, 3000)


def test_a_store_is_paid_out_of_what_it_is_owed():
    store = uuid4()
    owed_to(store, 7000)
    owed_to(store, 3000)

    request_store_payout(store_id=store, amount=mxn(9000), destination=CLABE, requested_by=None)
    with pytest.raises(InsufficientFundsError) as refusal:
        request_store_payout(store_id=store, amount=mxn(1001), destination=CLABE, requested_by=None)
    drain()

    assert refusal.value.params == {"missing": "0.01", "currency": "MXN"}
    assert balance_of(payable(store)) == mxn(1000)
    assert balance_of(AccountKey.of_store(AccountKind.PAYOUT, store, "MXN")) == mxn(0)
    assert Payout.objects.get().state == Payout.State.SETTLED
    assert Journal.objects.filter(kind=JournalKind.STORE_PAYOUT).count() == 1


def test_a_refused_store_payout_is_owed_again():
    store = uuid4()
    owed_to(store, 5000)
    payout = request_store_payout(store_id=store, amount=mxn(5000), destination=CLABE, requested_by=None)
    task = PaymentTask.objects.get(payout=payout)

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(ProviderRefusedError("closed"))))

    assert balance_of(payable(store)) == mxn(5000)
    assert balance_of(AccountKey.of_store(AccountKind.PAYOUT, store, "MXN")) == mxn(0)


def test_a_store_that_is_owed_nothing_or_another_currency_gets_nothing():
    store = uuid4()
    owed_to(store, 5000)

    with pytest.raises(InsufficientFundsError):
        request_store_payout(store_id=uuid4(), amount=mxn(1), destination=CLABE, requested_by=None)
    with pytest.raises(InsufficientFundsError):
        request_store_payout(store_id=store, amount=Money(1, "USD"), destination=CLABE, requested_by=None)

    assert Payout.objects.count() == 0
    assert balance_of(payable(store)) == mxn(5000)
