"""Paying an order: from the wallet, through a provider, or partly each; and every way it can go wrong."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from funds.events import DepositRejected
from funds.facade import (
    InsufficientFundsError,
    OrderPaymentExistsError,
    cancel_order_payment,
    refund_order,
    start_order_payment,
)
from funds.ledger.models import AccountKind, Hold
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.models import Deposit, OrderPayment
from funds.order_money.errors import OrderPaymentNotCancellableError, UnknownOrderPaymentError
from funds.order_money.services.payments import expire_order_payments, fail_order_payment, finish_order_payment
from funds.payments.errors import UnknownProviderError
from marketplace.core.models import OutboxEvent
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import drain

from .books import AT, back, house, mxn, part

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=10)


def start(customer, total: int, wallet: int, *, order=None, provider: str | None = None):
    return start_order_payment(
        order_id=order or uuid4(),
        customer_id=customer,
        total=mxn(total),
        from_wallet=mxn(wallet),
        provider=("sandbox" if wallet < total else "") if provider is None else provider,
        lasts=MINUTES,
    )


def state_of(card) -> str:
    return OrderPayment.objects.get(pk=card.payment_id).state


def lapse(card) -> None:
    OrderPayment.objects.filter(pk=card.payment_id).update(expires_at=timezone.now() - timedelta(seconds=1))


def told() -> list[str]:
    return list(
        OutboxEvent.objects.filter(wire_name__startswith="funds.order_payment")
        .order_by("pk")
        .values_list("wire_name", flat=True)
    )


def test_from_the_wallet_alone_it_is_paid_at_once():
    customer = customer_with(100)

    card = start(customer, 60, 60)

    assert (card.state, card.deposit_id, card.expires_at) == ("paid", None, None)
    assert posted_and_held(customer) == (40, 0)
    assert house(AccountKind.ESCROW) == 60
    assert told() == ["funds.order_payment_succeeded"]
    assert not Deposit.objects.filter(order_id=card.order_id).exists()


def test_an_order_that_costs_nothing_is_paid():
    assert start(customer_with(), 0, 0).state == "paid"


def test_too_little_in_the_wallet_is_refused_and_changes_nothing():
    customer = customer_with(59)

    for wallet, total in ((60, 60), (60, 100)):
        with pytest.raises(InsufficientFundsError), transaction.atomic():
            start(customer, total, wallet)

    assert not OrderPayment.objects.exists()
    assert not Deposit.objects.filter(order_id__isnull=False).exists()
    assert posted_and_held(customer) == (59, 0)


def test_a_split_payment_holds_the_wallets_part_and_pays_the_whole_when_the_rest_has_come():
    customer = customer_with(100)

    card = start(customer, 150, 60)

    deposit = Deposit.objects.get(pk=card.deposit_id)
    assert (card.state, deposit.amount, deposit.order_id) == ("awaiting", mxn(90), card.order_id)
    assert posted_and_held(customer) == (100, 60)
    drain()
    assert state_of(card) == "paid"
    assert posted_and_held(customer) == (40, 0)
    assert house(AccountKind.ESCROW) == 150
    assert Hold.objects.get().state == Hold.State.RELEASED
    assert told() == ["funds.order_payment_succeeded"]


def test_a_provider_alone_may_pay():
    customer = customer_with()

    card = start(customer, 150, 0)
    drain()

    assert state_of(card) == "paid"
    assert posted_and_held(customer) == (0, 0)
    assert not Hold.objects.exists()


def test_finishing_twice_pays_once():
    customer = customer_with(200)
    card = start(customer, 150, 60)
    drain()

    finish_order_payment(deposit_id=card.deposit_id)
    fail_order_payment(deposit_id=card.deposit_id)

    assert state_of(card) == "paid"
    assert house(AccountKind.ESCROW) == 150
    assert told() == ["funds.order_payment_succeeded"]


def test_money_that_comes_too_late_stays_in_the_wallet():
    customer = customer_with(100)
    card = start(customer, 150, 60)
    lapse(card)

    drain()

    assert state_of(card) == "expired"
    assert posted_and_held(customer) == (190, 0)
    assert house(AccountKind.ESCROW) == 0
    assert told() == ["funds.order_payment_failed"]


def test_the_sweep_ends_what_the_clock_has_ended():
    customer = customer_with(100)
    card, other = start(customer, 150, 60), start(customer, 150, 10)
    lapse(card)

    assert (expire_order_payments(), expire_order_payments()) == (1, 0)

    assert (state_of(card), state_of(other)) == ("expired", "awaiting")
    assert posted_and_held(customer) == (100, 10)
    drain()
    assert (state_of(card), state_of(other)) == ("expired", "paid")
    assert posted_and_held(customer) == (100 + 90 - 10, 0)


def test_too_little_money_in_the_end_fails_and_frees_the_wallet():
    customer = customer_with(100)
    card = start(customer, 150, 60)
    # The wallet's part is held, but what the provider brought is gone: a charge-back, say.
    deposit = Deposit.objects.get(pk=card.deposit_id)
    Deposit.objects.filter(pk=deposit.pk).update(credited_at=timezone.now())
    finish_order_payment(deposit_id=deposit.pk)

    assert state_of(card) == "failed"
    assert posted_and_held(customer) == (100, 0)
    assert told() == ["funds.order_payment_failed"]
    drain()
    assert posted_and_held(customer) == (190, 0)


def test_a_refused_deposit_fails_the_payment():
    customer = customer_with(100)
    card = start(customer, 150, 60)
    Deposit.objects.filter(pk=card.deposit_id).update(state=Deposit.State.REJECTED)

    fail_order_payment(deposit_id=card.deposit_id)
    fail_order_payment(deposit_id=card.deposit_id)

    assert state_of(card) == "failed"
    assert posted_and_held(customer) == (100, 0)
    assert told() == ["funds.order_payment_failed"]


def test_refusals_are_heard():
    customer = customer_with(100)
    card = start(customer, 150, 60)
    OutboxEvent.objects.exclude(wire_name__startswith="funds.order").delete()  # the provider is never asked
    with transaction.atomic():
        publish(DepositRejected(deposit_id=card.deposit_id, customer_id=customer, amount=mxn(90)))

    drain()

    assert state_of(card) == "failed"


def test_deposits_without_an_order_are_none_of_our_business():
    finish_order_payment(deposit_id=uuid4())
    fail_order_payment(deposit_id=uuid4())

    assert not OrderPayment.objects.exists()


def test_one_payment_of_an_order_is_alive():
    customer, order = customer_with(100), uuid4()
    card = start(customer, 150, 60, order=order)

    again = start(customer, 150, 60, order=order)

    assert again == card
    assert Deposit.objects.filter(order_id=order).count() == 1
    for total, wallet in ((150, 50), (151, 60), (100, 100)):
        with pytest.raises(OrderPaymentExistsError):
            start(customer, total, wallet, order=order)
    with pytest.raises(OrderPaymentExistsError):
        start(customer_with(200), 150, 150, order=order)
    assert posted_and_held(customer) == (100, 60)


def test_a_paid_order_is_not_paid_again():
    customer, order = customer_with(100), uuid4()
    start(customer, 60, 60, order=order)

    again = start(customer, 60, 60, order=order)

    assert again.state == "paid"
    assert posted_and_held(customer) == (40, 0)
    with pytest.raises(OrderPaymentExistsError):
        start(customer, 40, 40, order=order)


def test_the_database_itself_keeps_one_payment_alive():
    customer, order = customer_with(100), uuid4()
    card = start(customer, 60, 60, order=order)

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderPayment.objects.create(
            order_id=order,
            customer_id=customer,
            currency="MXN",
            total_minor=1,
            wallet_minor=1,
            state="paid",
            paid_at=AT,
        )

    assert OrderPayment.objects.get().pk == card.payment_id


def test_after_a_payment_that_lapsed_another_may_begin():
    customer, order = customer_with(100), uuid4()
    first = start(customer, 150, 60, order=order)
    lapse(first)

    second = start(customer, 150, 100, order=order)

    assert (state_of(first), state_of(second)) == ("expired", "awaiting")
    assert posted_and_held(customer) == (100, 100)
    drain()
    # Both deposits came in; the order was paid once, and the rest is the customer's.
    assert state_of(second) == "paid"
    assert posted_and_held(customer) == (100 + 90 + 50 - 150, 0)


def test_a_payment_that_waits_can_be_called_off():
    customer, order = customer_with(100), uuid4()
    card = start(customer, 150, 60, order=order)

    for _ in range(2):
        assert cancel_order_payment(payment_id=card.payment_id, customer_id=customer).state == "cancelled"

    assert posted_and_held(customer) == (100, 0)
    assert Deposit.objects.get(pk=card.deposit_id).state == Deposit.State.CANCELLED
    drain()
    assert state_of(card) == "cancelled"
    assert start(customer, 100, 100, order=order).state == "paid"


def test_what_comes_in_after_calling_off_stays_in_the_wallet():
    customer = customer_with(100)
    card = start(customer, 150, 60)
    Deposit.objects.filter(pk=card.deposit_id).update(state=Deposit.State.PENDING)  # it is with the provider

    cancel_order_payment(payment_id=card.payment_id, customer_id=customer)
    drain()

    assert state_of(card) == "cancelled"
    assert posted_and_held(customer) == (190, 0)


def test_only_ones_own_and_only_what_waits_is_called_off():
    customer = customer_with(100)
    card = start(customer, 60, 60)

    with pytest.raises(UnknownOrderPaymentError):
        cancel_order_payment(payment_id=card.payment_id, customer_id=customer_with())
    with pytest.raises(OrderPaymentNotCancellableError):
        cancel_order_payment(payment_id=card.payment_id, customer_id=customer)

    assert state_of(card) == "paid"


@pytest.mark.parametrize(
    ("total", "wallet", "provider"),
    [(100, 101, ""), (100, -1, "sandbox"), (-1, -1, ""), (100, 60, ""), (100, 100, "sandbox")],
)
def test_splits_that_make_no_sense_are_refused(total, wallet, provider):
    customer = customer_with(500)

    with pytest.raises(ValueError, match="make the total"):
        start(customer, total, wallet, provider=provider)

    assert not OrderPayment.objects.exists()
    assert posted_and_held(customer) == (500, 0)


def test_unknown_providers_and_other_currencies_are_refused():
    customer = customer_with(500)

    with pytest.raises(UnknownProviderError), transaction.atomic():
        start(customer, 100, 60, provider="bank")
    with pytest.raises(CurrencyMismatchError), transaction.atomic():
        start_order_payment(
            order_id=uuid4(),
            customer_id=customer,
            total=mxn(100),
            from_wallet=Money(60, "USD"),
            provider="sandbox",
            lasts=MINUTES,
        )

    assert not OrderPayment.objects.exists()
    assert posted_and_held(customer) == (500, 0)


def test_refunds_show_in_the_payments_state():
    customer = customer_with(100)
    card = start(customer, 100, 100)
    one = part(100)

    for number, (minor, state) in enumerate(((40, "partly_refunded"), (60, "refunded"))):
        refund_order(
            order_id=card.order_id,
            customer_id=customer,
            parts=[back(one, minor)],
            key=str(number),
            reason="broken",
            at=AT,
        )
        assert state_of(card) == state

    assert posted_and_held(customer) == (100, 0)
