"""Orders' money with many at once (PostgreSQL)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from funds.facade import refund_order, settle_order, start_order_payment
from funds.ledger.models import AccountKind, Journal, JournalKind
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.ledger.tests.racing import race
from funds.models import OrderPayment, OrderRefund
from funds.order_money.services.payments import cancel_order_payment, expire_order_payments, finish_order_payment
from marketplace.core.outbox.relay import drain

from .books import AT, back, house, mxn, paid_order, part, shares

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
RUNNERS = 10


def test_exactly_what_was_paid_goes_back_however_many_ask():
    order, customer = paid_order(500)
    one = part(500, 70)

    outcomes = race(
        lambda number: refund_order(
            order_id=order, customer_id=customer, parts=[back(one, 100)], key=str(number), reason="x", at=AT
        ),
        RUNNERS,
    )

    assert outcomes == {"done": 5, "refund_exceeds_paid": RUNNERS - 5}
    assert posted_and_held(customer) == (500, 0)
    assert house(AccountKind.ESCROW) == 0


def test_one_refund_asked_for_many_times_is_one():
    order, customer = paid_order(500)
    one = part(500)

    outcomes = race(
        lambda _number: refund_order(
            order_id=order, customer_id=customer, parts=[back(one, 100)], key="same", reason="x", at=AT
        ),
        RUNNERS,
    )

    assert outcomes == {"done": RUNNERS}
    assert OrderRefund.objects.count() == 1
    assert posted_and_held(customer) == (100, 0)


def test_delivery_and_refunds_at_once_lose_nothing():
    order, customer = paid_order(1_000)
    one = part(1_000, 138)

    def act(number: int) -> None:
        if number % 2:
            settle_order(order_id=order, parts=[one], at=AT)
        else:
            refund_order(
                order_id=order, customer_id=customer, parts=[back(one, 100)], key=str(number), reason="x", at=AT
            )

    outcomes = race(act, RUNNERS)

    assert outcomes == {"done": RUNNERS}
    assert posted_and_held(customer) == (500, 0)
    escrow, store, commission, tax = shares(one.store_id)
    assert (escrow, store + commission + tax) == (0, 500)
    assert Journal.objects.filter(kind=JournalKind.ORDER_SETTLEMENT).count() == 1


def test_an_order_is_paid_once_however_many_try():
    customer, order = customer_with(1_000), uuid4()

    def act(number: int) -> None:
        total = mxn(100)
        wallet = total if number % 2 else mxn(40)
        start_order_payment(
            order_id=order,
            customer_id=customer,
            total=total,
            from_wallet=wallet,
            provider="" if number % 2 else "sandbox",
            lasts=timedelta(minutes=1),
        )

    race(act, RUNNERS)
    drain()

    assert OrderPayment.objects.filter(order_id=order).count() == 1
    assert OrderPayment.objects.get().state == "paid"
    assert house(AccountKind.ESCROW) == 100


def test_finishing_expiring_and_calling_off_have_one_winner():
    for round_number in range(6):
        customer = customer_with(100)
        card = start_order_payment(
            order_id=uuid4(),
            customer_id=customer,
            total=mxn(150),
            from_wallet=mxn(60),
            provider="sandbox",
            lasts=timedelta(minutes=1),
        )
        if round_number % 2:
            OrderPayment.objects.update(expires_at=timezone.now())

        def act(number: int, card=card, customer=customer) -> None:
            if number == 0:
                finish_order_payment(deposit_id=card.deposit_id)
            elif number == 1:
                expire_order_payments()
            else:
                cancel_order_payment(payment_id=card.payment_id, customer_id=customer)

        race(act, 3)

        assert OrderPayment.objects.get(pk=card.payment_id).state in {"failed", "expired", "cancelled"}
        assert posted_and_held(customer) == (100, 0)
