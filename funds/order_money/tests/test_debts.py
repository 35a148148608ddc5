"""Charged-back money does not leave by another door, and an order is not paid by two."""

from datetime import timedelta

import pytest

from funds import facade as funds
from funds.ledger.errors import InsufficientFundsError
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.order_money.models import OrderPayment
from funds.payments import services
from funds.payments.models import Payout
from funds.payments.providers.protocol import ReadingState
from funds.payments.tests.readings import debt_of, paid_deposit, record
from funds.payments.tests.test_decisions import by
from funds.wallets.services import order_escrow
from marketplace.core.ids import uuid7
from marketplace.core.outbox.relay import drain

from .books import AT, back, mxn, paid_order, part

CLABE = "032180000118359719"
HOUR = timedelta(hours=1)


def charged_back_after_buying(minor: int = 5000):
    """The deposit bought something, then the card's holder took it back: the customer owes it."""
    customer = customer_with()
    deposit, payment = paid_deposit(customer, minor)
    order, _customer = paid_order(minor, customer)
    record(deposit, payment_id=payment.payment_id, minutes=1, state=ReadingState.CHARGED_BACK)
    assert (debt_of(customer), posted_and_held(customer)) == (minor, (0, 0))
    return customer, order


def test_what_an_order_gives_back_pays_the_debt_of_a_charge_back():
    customer, order = charged_back_after_buying()
    whole = part(5000)
    refund = {"order_id": order, "customer_id": customer, "parts": [back(whole, 3000)], "key": "k", "reason": ""}

    for _ in range(2):
        funds.refund_order(**refund, at=AT)

    assert (debt_of(customer), posted_and_held(customer)) == (2000, (0, 0))


def test_who_owes_pays_that_before_withdrawing():
    customer, _order = charged_back_after_buying()
    services.adjust_wallet(customer_id=customer, amount=mxn(6000), is_credit=True, **by())

    with pytest.raises(InsufficientFundsError):
        services.request_withdrawal(customer_id=customer, amount=mxn(1001), destination=CLABE)
    assert (debt_of(customer), posted_and_held(customer), Payout.objects.count()) == (5000, (6000, 0), 0)
    services.request_withdrawal(customer_id=customer, amount=mxn(1000), destination=CLABE)

    assert (debt_of(customer), posted_and_held(customer)) == (0, (1000, 1000))


def held_for_an_order(customer):
    return funds.hold_for_purchase(
        customer_id=customer, payee=order_escrow("MXN"), amount=mxn(2000), key="a", lasts=HOUR, at=AT
    )


def test_an_order_that_a_hold_paid_is_not_paid_again():
    customer, order = customer_with(100_00), uuid7()
    hold = held_for_an_order(customer)
    funds.pay_order_from_hold(order_id=order, customer_id=customer, hold_id=hold.hold_id, total=mxn(2000))

    with pytest.raises(funds.OrderPaymentExistsError):
        funds.start_order_payment(
            order_id=order, customer_id=customer, total=mxn(2000), from_wallet=mxn(2000), lasts=HOUR
        )

    assert posted_and_held(customer) == (80_00, 0)
    assert OrderPayment.objects.count() == 0


def test_a_deposit_that_comes_after_a_hold_paid_the_order_stays_in_the_wallet():
    customer, order = customer_with(20_00), uuid7()
    hold = held_for_an_order(customer)
    funds.start_order_payment(
        order_id=order, customer_id=customer, total=mxn(2000), from_wallet=mxn(0), provider="sandbox", lasts=HOUR
    )
    funds.pay_order_from_hold(order_id=order, customer_id=customer, hold_id=hold.hold_id, total=mxn(2000))

    drain()

    assert OrderPayment.objects.get().state == OrderPayment.State.FAILED
    assert posted_and_held(customer) == (20_00, 0)
