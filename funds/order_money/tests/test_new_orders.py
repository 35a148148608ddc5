"""Payments of orders written in the same transaction, of orders that are over, and money back to its source."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import transaction

from funds.events import OrderRefunded
from funds.facade import InsufficientFundsError, call_off_order_payment, pay_new_order, refund_order
from funds.ledger.models import AccountKind, Hold
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.models import OrderPayment, Refund
from marketplace.core.locking import LockRank, enter
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox.relay import drain

from .books import AT, back, house, mxn, part

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=10)


def pay(customer, total: int, wallet: int, *, order=None, provider: str | None = None):
    return pay_new_order(
        order_id=order or uuid4(),
        customer_id=customer,
        total=mxn(total),
        from_wallet=mxn(wallet),
        provider=("sandbox" if wallet < total else "") if provider is None else provider,
        lasts=MINUTES,
    )


def state_of(card) -> str:
    return OrderPayment.objects.get(pk=card.payment_id).state


def give_back(card, customer, minor: int, *, total: int) -> None:
    share = part(total)
    refund_order(
        order_id=card.order_id, customer_id=customer, parts=[back(share, minor)], key="r", reason="test", at=AT
    )


def test_a_new_order_is_paid_from_the_wallet_after_stock_was_taken():
    customer = customer_with(100)

    with transaction.atomic():
        enter(LockRank.STOCK)
        card = pay(customer, 60, 60)

    assert card.state == "paid"
    assert OrderPayment.objects.get().paid_at is not None
    assert posted_and_held(customer) == (40, 0)
    assert not OutboxEvent.objects.filter(wire_name="funds.order_payment_succeeded").exists()


def test_a_new_order_that_costs_nothing_is_paid():
    assert pay(customer_with(), 0, 0).state == "paid"


def test_a_new_order_waits_for_its_deposit_and_is_paid_by_it():
    customer = customer_with(100)

    card = pay(customer, 150, 60)

    assert card.state == "awaiting"
    assert posted_and_held(customer) == (100, 60)
    drain()
    assert state_of(card) == "paid"
    assert house(AccountKind.ESCROW) == 150


def test_too_little_money_for_a_new_order_changes_nothing():
    customer = customer_with(59)

    with pytest.raises(InsufficientFundsError), transaction.atomic():
        pay(customer, 60, 60)

    assert not OrderPayment.objects.exists()
    assert posted_and_held(customer) == (59, 0)


@pytest.mark.parametrize(("total", "wallet", "provider"), [(60, 60, "sandbox"), (60, 30, ""), (60, 70, "")])
def test_a_split_that_makes_no_sense_is_refused(total, wallet, provider):
    with pytest.raises(ValueError, match="make the total"):
        pay(customer_with(100), total, wallet, provider=provider)

    assert not OrderPayment.objects.exists()


def test_the_waiting_payment_of_an_order_that_is_over_ends_and_frees_the_wallet():
    customer = customer_with(100)
    card = pay(customer, 150, 60)

    assert call_off_order_payment(order_id=card.order_id) is False
    assert call_off_order_payment(order_id=card.order_id) is False

    assert state_of(card) == "cancelled"
    assert posted_and_held(customer) == (100, 0)
    assert Hold.objects.get().state == Hold.State.RELEASED


def test_calling_off_says_that_the_order_was_paid_before_that():
    card = pay(customer_with(100), 60, 60)

    assert call_off_order_payment(order_id=card.order_id) is True
    assert state_of(card) == "paid"


def test_what_a_provider_brought_goes_back_through_it_first():
    customer = customer_with(100)
    card = pay(customer, 150, 60)
    drain()

    give_back(card, customer, 120, total=150)

    drain()
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.state) == (90, "settled")
    # The rest had come from the wallet and is there again.
    assert posted_and_held(customer) == (70, 0)


def test_a_refund_of_an_order_paid_from_the_wallet_stays_there():
    customer = customer_with(100)
    card = pay(customer, 60, 60)

    give_back(card, customer, 60, total=60)
    drain()

    assert not Refund.objects.exists()
    assert posted_and_held(customer) == (100, 0)
    event = OutboxEvent.objects.get(wire_name=OrderRefunded.wire_name)
    assert event.payload["order_id"] == str(card.order_id)


def test_money_that_was_spent_before_it_could_go_back_stays_spent():
    customer = customer_with(0)
    card = pay(customer, 90, 0)
    drain()
    give_back(card, customer, 90, total=90)
    pay(customer, 90, 90)

    drain()

    assert not Refund.objects.exists()
    assert posted_and_held(customer) == (0, 0)


def test_an_order_that_was_called_off_is_not_paid_by_what_comes_later():
    customer = customer_with(0)
    card = pay(customer, 90, 0)
    call_off_order_payment(order_id=card.order_id)

    drain()

    assert house(AccountKind.ESCROW) == 0
    assert state_of(card) == "cancelled"


def test_a_deposit_that_was_paid_twice_goes_back_as_far_as_the_order_had_it():
    customer = customer_with(100)
    card = pay(customer, 66_703, 100)  # 666.03: the sandbox pays it twice
    drain()

    give_back(card, customer, 66_703, total=66_703)
    drain()

    assert Refund.objects.get().amount_minor == 66_603
    assert not EventDelivery.objects.exclude(state="done").exists()
