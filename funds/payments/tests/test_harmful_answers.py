"""Answers of a provider that could do harm: more given back than came, the same twice, nonsense among good ones."""

from typing import Any

import pytest
from django.utils import timezone

from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import services
from funds.payments.models import PaymentTask, ProviderCircuit, ProviderPayment, ReconciliationFinding, Refund
from funds.payments.providers.protocol import (
    Notification,
    ProviderDeferredError,
    ProviderRefusedError,
    ReadingState,
    RefundReading,
)
from funds.payments.providers.sandbox import TWICE
from funds.payments.reconciliation import reconcile
from funds.payments.work import run_task
from marketplace.core.clock import read_db_now
from marketplace.core.money import Money

from .providers import ScriptedProvider, raising
from .readings import NOON, clearing, debt_of, deposit_for, mxn, paid_deposit, pass_time, reading, record, refunded

CHANGED = ProviderPayment.Quarantine.CHANGED


@pytest.mark.parametrize(
    "refunds",
    [
        (refunded("r-1", 3000), refunded("r-2", 3000)),
        (refunded("r-1", 5001),),
        (refunded("r-1", 0),),
        (refunded("r-1", -1),),
        (RefundReading("r-1", Money(100, "USD"), NOON),),
    ],
    ids=["together", "one", "nothing", "negative", "currency"],
)
def test_refunds_that_cannot_be_move_nothing_and_wait_for_staff(refunds):
    customer = customer_with(100_00)
    deposit, payment = paid_deposit(customer)

    record(deposit, payment_id=payment.payment_id, minutes=1, refunds=refunds)

    payment.refresh_from_db()
    assert payment.quarantine == CHANGED
    assert (posted_and_held(customer), debt_of(customer)) == ((150_00, 0), 0)


def test_a_refund_seen_after_the_charge_back_took_everything_is_not_taken_again():
    customer = customer_with(100_00)
    deposit, payment = paid_deposit(customer)
    record(deposit, payment_id=payment.payment_id, minutes=1, state=ReadingState.CHARGED_BACK)

    later = {"state": ReadingState.CHARGED_BACK, "refunds": (refunded("r-1", 2000),)}
    record(deposit, payment_id=payment.payment_id, minutes=2, **later)

    payment.refresh_from_db()
    assert payment.quarantine == CHANGED
    assert posted_and_held(customer) == (100_00, 0)


def test_a_charge_back_of_nothing_is_lifted_without_a_trace():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    everything = (refunded("r-1", 5000),)

    record(deposit, payment_id=payment.payment_id, minutes=1, state=ReadingState.CHARGED_BACK)
    record(deposit, payment_id=payment.payment_id, minutes=2)
    record(deposit, payment_id=payment.payment_id, minutes=3, refunds=everything)
    record(deposit, payment_id=payment.payment_id, minutes=4, refunds=everything, state=ReadingState.CHARGED_BACK)
    record(deposit, payment_id=payment.payment_id, minutes=5, refunds=everything)

    assert (posted_and_held(customer), clearing()) == ((0, 0), 0)


@pytest.mark.parametrize("is_told_first", [False, True], ids=["answer first", "reading first"])
@pytest.mark.parametrize("is_refused_first", [False, True], ids=["accepted first", "refused first"])
def test_of_two_equal_refunds_the_refused_one_frees_its_hold(is_told_first, is_refused_first):
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    asked: dict[str, Any] = {"payment_id": payment.pk, "amount": mxn(2000), "reason": "x", "requested_by": None}
    refused, accepted = services.request_refund(**asked), services.request_refund(**asked)
    provider = ScriptedProvider()

    def refuse() -> None:
        no = ScriptedProvider(before=raising(ProviderRefusedError("no")))
        run_task(task_id=PaymentTask.objects.get(refund=refused).pk, provider=no)

    def before_the_answer_is_taken_over() -> None:
        if is_told_first:
            record(deposit, payment_id=payment.payment_id, minutes=1, refunds=tuple(provider.accepted.values()))
        if is_refused_first:
            refuse()

    provider.after = before_the_answer_is_taken_over
    run_task(task_id=PaymentTask.objects.get(refund=accepted).pk, provider=provider)
    refuse()

    refused.refresh_from_db()
    accepted.refresh_from_db()
    assert (refused.state, accepted.state) == (Refund.State.FAILED, Refund.State.SETTLED)
    assert posted_and_held(customer) == (3000, 0)


def test_a_checkout_that_was_paid_twice_at_once_is_taken_over_whole():
    customer = customer_with()
    deposit_for(customer, TWICE)
    task = PaymentTask.objects.get()

    run_task(task_id=task.pk)

    task.refresh_from_db()
    assert task.state == PaymentTask.State.DONE
    assert posted_and_held(customer) == (2 * TWICE, 0)


def test_one_payment_that_cannot_be_taken_over_does_not_hide_the_others():
    other = deposit_for(customer_with())

    class Provider(ScriptedProvider):
        def payments_updated(self, *, since, until):
            return [reading(other, payment_id="broken", amount=mxn(10**30)), reading(other, payment_id="p-2")]

    run = reconcile(Provider(), until=timezone.now())

    other.refresh_from_db()
    assert run is not None
    assert (run.seen_count, other.state) == (2, "credited")
    assert ReconciliationFinding.objects.filter(subject="defect broken", is_repaired=False).exists()


def test_a_webhook_of_an_unknown_payment_does_not_open_the_circuit():
    notification = Notification("payment:1", "nobody-knows")
    services.receive_notification(provider="sandbox", notification=notification, at=timezone.now())
    task = PaymentTask.objects.get()

    for _ in range(5):
        run_task(task_id=task.pk, provider=ScriptedProvider())
        pass_time()

    task.refresh_from_db()
    assert (task.state, task.attempts) == (PaymentTask.State.UNKNOWN, 5)
    assert ProviderCircuit.objects.get().failures == 0


def test_what_is_never_taken_up_is_asked_ever_more_seldom():
    deposit_for(customer_with())
    task = PaymentTask.objects.get()
    PaymentTask.objects.update(attempts=1000, deferrals=1000)

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(ProviderDeferredError("our keys", seconds=60))))

    task.refresh_from_db()
    assert 3500 < (task.run_at - read_db_now()).total_seconds() <= 3600
    assert task.state == PaymentTask.State.QUEUED
