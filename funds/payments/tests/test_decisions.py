"""What staff decide about money: with a reason, with a second person above the limit, once, and in the audit trail."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from funds.ledger.errors import InsufficientFundsError
from funds.ledger.models import AccountKind, Journal
from funds.ledger.selectors import balance_of
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import services
from funds.payments.errors import NotDecidableError, ReasonRequiredError, SecondPersonError
from funds.payments.models import Decision, Deposit, FundsPolicy, PaymentTask, Payout, ProviderPayment, Refund
from funds.payments.providers.protocol import ProviderUncertainError, ReadingState
from funds.payments.work import MAX_ATTEMPTS, run_task
from marketplace.core.audit import AuditEntry
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain

from .providers import ScriptedProvider, raising
from .readings import deposit_for, mxn, paid_deposit, pass_time, record

ANA, BEN = uuid4(), uuid4()
CLABE = "032180000118359719"


def by(actor=ANA, reason="seen at the bank", **more):
    return {"actor_id": actor, "reason": reason, "at": timezone.now(), **more}


def parked(**subject) -> PaymentTask:
    task = PaymentTask.objects.get(**subject)
    provider = ScriptedProvider(before=raising(ProviderUncertainError("time-out")))
    for _ in range(MAX_ATTEMPTS):
        run_task(task_id=task.pk, provider=provider)
        pass_time()
    task.refresh_from_db()
    assert task.state == PaymentTask.State.NEEDS_REVIEW
    return task


def test_a_parked_task_is_tried_again_with_the_same_key():
    customer = customer_with()
    task = parked(deposit=deposit_for(customer))

    decision = services.retry_task(task_id=task.pk, **by())
    provider = ScriptedProvider()
    pass_time()
    run_task(task_id=task.pk, provider=provider)

    assert decision.state == Decision.State.DONE
    assert provider.calls == ["find", "start"]
    assert task.tries.values("key").distinct().count() == 1
    assert posted_and_held(customer) == (5000, 0)


def test_giving_a_payout_up_frees_the_money():
    customer = customer_with(50_00)
    payout = services.request_withdrawal(customer_id=customer, amount=mxn(3000), destination=CLABE)
    task = parked(payout=payout)

    services.give_up_task(task_id=task.pk, **by())

    payout.refresh_from_db()
    task.refresh_from_db()
    assert (payout.state, task.state) == (Payout.State.FAILED, PaymentTask.State.FAILED)
    assert posted_and_held(customer) == (5000, 0)
    with pytest.raises(NotDecidableError):
        services.give_up_task(task_id=task.pk, **by())


def test_giving_a_deposit_up_ends_it_and_a_late_payment_is_still_credited():
    customer = customer_with()
    deposit = deposit_for(customer)

    services.give_up_task(task_id=parked(deposit=deposit).pk, **by())
    deposit.refresh_from_db()
    assert deposit.state == Deposit.State.REJECTED
    record(deposit)

    assert posted_and_held(customer) == (5000, 0)


def test_giving_a_refund_up_frees_the_money():
    customer = customer_with()
    _deposit, payment = paid_deposit(customer)
    refund = services.request_refund(payment_id=payment.pk, amount=mxn(2000), reason="x", requested_by=None)

    services.give_up_task(task_id=parked(refund=refund).pk, **by())

    refund.refresh_from_db()
    assert refund.state == Refund.State.FAILED
    assert posted_and_held(customer) == (5000, 0)


def test_above_the_limit_nothing_moves_until_a_second_person_agrees():
    customer = customer_with()
    FundsPolicy.objects.create(currency="MXN", second_person_above_minor=100_00)

    decision = services.adjust_wallet(customer_id=customer, amount=mxn(100_01), is_credit=True, **by())

    assert decision.state == Decision.State.WAITING
    assert Journal.objects.count() == 0
    with pytest.raises(SecondPersonError):
        services.approve_decision(decision_id=decision.pk, actor_id=ANA, at=timezone.now())
    assert Journal.objects.count() == 0
    services.approve_decision(decision_id=decision.pk, actor_id=BEN, at=timezone.now())
    assert posted_and_held(customer) == (100_01, 0)
    with pytest.raises(NotDecidableError):
        services.approve_decision(decision_id=decision.pk, actor_id=BEN, at=timezone.now())
    assert posted_and_held(customer) == (100_01, 0)


def test_the_database_itself_wants_two_people():
    decision = services.adjust_wallet(customer_id=customer_with(), amount=mxn(9_000_000), is_credit=True, **by())

    with pytest.raises(IntegrityError, match="funds_decision_two_people"), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(
            state=Decision.State.DONE, decided_by=ANA, decided_at=timezone.now()
        )


def test_up_to_the_limit_one_person_is_enough_and_both_are_audited():
    customer = customer_with()

    services.adjust_wallet(customer_id=customer, amount=mxn(500_000), is_credit=True, **by(reason="  goodwill "))

    assert posted_and_held(customer) == (500_000, 0)
    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["funds.request_adjust", "funds.carry_out_adjust"]
    assert {(entry.actor_id, entry.reason) for entry in entries} == {(ANA, "goodwill")}


def test_a_rejected_decision_has_moved_nothing():
    customer = customer_with()
    decision = services.adjust_wallet(customer_id=customer, amount=mxn(9_000_000), is_credit=True, **by())

    services.reject_decision(decision_id=decision.pk, actor_id=ANA, at=timezone.now())

    with pytest.raises(NotDecidableError):
        services.approve_decision(decision_id=decision.pk, actor_id=BEN, at=timezone.now())
    assert Journal.objects.count() == 0


def test_taking_more_than_there_is_is_refused_and_leaves_no_decision():
    customer = customer_with(50_00)

    with pytest.raises(InsufficientFundsError):
        services.adjust_wallet(customer_id=customer, amount=mxn(50_01), is_credit=False, **by())
    assert Decision.objects.count() == AuditEntry.objects.count() == 0
    services.adjust_wallet(customer_id=customer, amount=mxn(20_00), is_credit=False, **by())

    assert posted_and_held(customer) == (30_00, 0)
    assert balance_of(AccountKey.house(AccountKind.PROMOTIONS, "MXN")) == mxn(20_00)


def test_a_reason_is_required():
    task = parked(deposit=deposit_for(customer_with()))

    for reason in ("", "   "):
        with pytest.raises(ReasonRequiredError):
            services.retry_task(task_id=task.pk, **by(reason=reason))

    assert Decision.objects.count() == 0
    task.refresh_from_db()
    assert task.state == PaymentTask.State.NEEDS_REVIEW


def test_what_really_came_is_credited_when_staff_accept_it():
    customer = customer_with()
    deposit = deposit_for(customer)
    payment = record(deposit, amount=mxn(4000)).payment

    services.accept_payment(payment_id=payment.pk, **by())

    payment.refresh_from_db()
    deposit.refresh_from_db()
    assert (payment.state, deposit.state) == (ProviderPayment.State.APPROVED, Deposit.State.CREDITED)
    assert posted_and_held(customer) == (4000, 0)
    with pytest.raises(NotDecidableError):
        services.accept_payment(payment_id=payment.pk, **by())


def test_a_payment_under_an_unknown_reference_needs_a_customer():
    customer = customer_with()
    payment = record(deposit_for(customer_with()), reference=uuid4()).payment

    with pytest.raises(NotDecidableError):
        services.accept_payment(payment_id=payment.pk, **by())
    assert Decision.objects.count() == 0
    services.accept_payment(payment_id=payment.pk, customer_id=customer, **by())

    assert posted_and_held(customer) == (5000, 0)


def test_money_of_another_receiver_is_never_credited():
    payment = record(deposit_for(customer_with()), is_ours=False).payment

    with pytest.raises(NotDecidableError):
        services.accept_payment(payment_id=payment.pk, **by())
    services.dismiss_payment(payment_id=payment.pk, **by())

    payment.refresh_from_db()
    assert payment.state == ProviderPayment.State.REJECTED
    assert Journal.objects.count() == 0


def test_a_refund_is_decided_by_two_and_one_decision_waits_at_a_time():
    customer = customer_with()
    _deposit, payment = paid_deposit(customer, 600_000)

    waiting = services.refund_payment(payment_id=payment.pk, amount=mxn(600_000), **by())
    with pytest.raises(NotDecidableError):
        services.refund_payment(payment_id=payment.pk, amount=mxn(1), **by())
    services.approve_decision(decision_id=waiting.pk, actor_id=BEN, at=timezone.now())
    drain()

    assert Refund.objects.get().state == Refund.State.SETTLED
    assert posted_and_held(customer) == (0, 0)


def test_payouts_by_hand_are_ended_by_staff(settings):
    settings.PAYOUT_PROVIDER = "manual"
    customer = customer_with(50_00)
    arrived = services.request_withdrawal(customer_id=customer, amount=mxn(1000), destination=CLABE)
    lost = services.request_withdrawal(customer_id=customer, amount=mxn(2000), destination=CLABE)
    drain()
    assert set(Payout.objects.values_list("state", flat=True)) == {Payout.State.ACCEPTED}

    services.settle_payout_by_hand(payout_id=arrived.pk, **by())
    services.refuse_payout_by_hand(payout_id=lost.pk, **by())

    assert posted_and_held(customer) == (4000, 0)
    with pytest.raises(NotDecidableError):
        services.settle_payout_by_hand(payout_id=lost.pk, **by())


def test_a_payout_that_is_being_sent_is_not_decided_about():
    customer = customer_with(50_00)
    payout = services.request_withdrawal(customer_id=customer, amount=mxn(1000), destination=CLABE)
    PaymentTask.objects.update(state=PaymentTask.State.SENDING, lease_until=timezone.now())

    with pytest.raises(NotDecidableError):
        services.refuse_payout_by_hand(payout_id=payout.pk, **by())

    assert posted_and_held(customer) == (5000, 1000)
    assert Decision.objects.count() == 0


def test_currencies_have_their_own_limits():
    yen = services.adjust_wallet(customer_id=customer_with(), amount=Money(5001, "JPY"), is_credit=True, **by())
    pesos = services.adjust_wallet(customer_id=customer_with(), amount=mxn(5001), is_credit=True, **by())

    assert (yen.state, pesos.state) == (Decision.State.WAITING, Decision.State.DONE)


def test_a_payment_that_came_back_disputed_is_not_refunded():
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    record(deposit, payment_id=payment.payment_id, state=ReadingState.DISPUTED, minutes=1)

    with pytest.raises(Exception, match="cannot be refunded"):
        services.refund_payment(payment_id=payment.pk, amount=mxn(1), **by())

    assert Decision.objects.count() == Refund.objects.count() == 0
