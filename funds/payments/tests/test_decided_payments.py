"""What staff said about a payment stands, however often the provider shows it again."""

from uuid import uuid4

import pytest
from django.utils import timezone

from funds.events import PaymentSetAside
from funds.ledger.models import Journal
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import services
from funds.payments.errors import NotDecidableError
from funds.payments.models import Decision, FundsPolicy, Payout, ProviderPayment
from funds.payments.providers.protocol import ReadingState
from marketplace.core.outbox.relay import drain

from .readings import clearing, deposit_for, mxn, published, record, refunded
from .test_decisions import BEN, by

State = ProviderPayment.State


def test_an_accepted_payment_is_not_set_aside_again():
    customer = customer_with()
    deposit = deposit_for(customer)
    payment = record(deposit, amount=mxn(4000)).payment

    services.accept_payment(payment_id=payment.pk, **by())
    for _ in range(3):
        record(deposit, amount=mxn(4000))

    payment.refresh_from_db()
    assert (payment.state, published(PaymentSetAside)) == (State.APPROVED, 1)
    assert posted_and_held(customer) == (4000, 0)


def test_an_accepted_payment_can_be_refunded_and_charged_back_at_the_provider():
    customer = customer_with()
    deposit = deposit_for(customer)
    payment = record(deposit, amount=mxn(4000)).payment
    services.accept_payment(payment_id=payment.pk, **by())
    refunds = (refunded("r-1", 1000),)

    record(deposit, amount=mxn(4000), minutes=1, refunds=refunds)
    assert posted_and_held(customer) == (3000, 0)
    record(deposit, amount=mxn(4000), minutes=2, refunds=refunds, state=ReadingState.CHARGED_BACK)

    payment.refresh_from_db()
    assert payment.state == State.CHARGED_BACK
    assert (posted_and_held(customer), clearing()) == ((0, 0), 0)


def test_a_payment_accepted_for_a_customer_follows_its_unknown_reference():
    customer, unknown = customer_with(), uuid4()
    deposit = deposit_for(customer_with())
    payment = record(deposit, reference=unknown).payment
    services.accept_payment(payment_id=payment.pk, customer_id=customer, **by())

    record(deposit, reference=unknown)
    assert posted_and_held(customer) == (5000, 0)
    record(deposit, reference=unknown, minutes=1, state=ReadingState.CHARGED_BACK)

    payment.refresh_from_db()
    assert payment.state == State.CHARGED_BACK
    assert posted_and_held(customer) == (0, 0)


@pytest.mark.parametrize("shown", [{"amount": mxn(4000)}, {"reference": None}, {"is_ours": False}])
def test_a_dismissed_payment_never_becomes_money(shown):
    deposit = deposit_for(customer_with())
    payment = record(deposit, **shown).payment

    services.dismiss_payment(payment_id=payment.pk, **by())
    record(deposit, **shown)
    record(deposit, minutes=1)

    payment.refresh_from_db()
    assert (payment.state, published(PaymentSetAside)) == (State.REJECTED, 1)
    assert Journal.objects.count() == 0


def test_a_pending_payment_whose_reference_is_unknown_later_is_still_set_aside():
    deposit = deposit_for(customer_with())
    record(deposit, state=ReadingState.PENDING)

    recorded = record(deposit, minutes=1, reference=uuid4())

    assert recorded.payment.quarantine == ProviderPayment.Quarantine.REFERENCE


@pytest.mark.parametrize("decide", [services.settle_payout_by_hand, services.refuse_payout_by_hand])
def test_a_decision_about_a_payout_that_ended_meanwhile_is_not_carried_out(decide):
    FundsPolicy.objects.create(currency="MXN", second_person_above_minor=1)
    customer = customer_with(50_00)
    payout = services.request_withdrawal(customer_id=customer, amount=mxn(1000), destination="032180000118359719")
    waiting = decide(payout_id=payout.pk, **by())
    drain()

    with pytest.raises(NotDecidableError):
        services.approve_decision(decision_id=waiting.pk, actor_id=BEN, at=timezone.now())

    waiting.refresh_from_db()
    payout.refresh_from_db()
    assert (waiting.state, payout.state) == (Decision.State.WAITING, Payout.State.SETTLED)
    assert posted_and_held(customer) == (4000, 0)
