"""A provider's word becomes money once, whatever comes twice, late, in the wrong order or for somebody else."""

from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funds.events import DepositCredited, DepositReturned, PaymentSetAside
from funds.ledger.models import Journal, JournalKind
from funds.ledger.services import place_hold
from funds.ledger.terms import AccountKey
from funds.ledger.tests.factories import customer_with, posted_and_held, wallet
from funds.payments.models import Deposit, PaymentEvent, ProviderPayment
from funds.payments.providers.protocol import ReadingState, provider_id
from funds.payments.services.closing import close_deposit
from funds.payments.services.payouts import request_withdrawal
from funds.payments.services.refunds import UNTIL_SETTLED
from marketplace.core.money import Money

from .readings import clearing, debt_of, deposit_for, mxn, published, record, refunded

KINDS = PaymentEvent.Kind


def kinds() -> list[str]:
    return list(PaymentEvent.objects.order_by("pk").values_list("kind", flat=True))


def test_an_approved_payment_is_credited_with_its_event_and_journal():
    customer = customer_with()
    deposit = deposit_for(customer)

    recorded = record(deposit)

    event = PaymentEvent.objects.get()
    assert recorded.news == [KINDS.APPROVED]
    assert (event.kind, event.reference, event.amount_minor) == (KINDS.APPROVED, "p-1", 5000)
    assert event.journal is not None
    assert event.journal.kind == JournalKind.DEPOSIT
    assert (deposit.state, deposit.next_check_at) == (Deposit.State.CREDITED, None)
    assert posted_and_held(customer) == (5000, 0)
    assert clearing() == -5000


def test_the_providers_fee_is_the_houses_expense():
    customer = customer_with()
    deposit = deposit_for(customer)

    record(deposit, fee=mxn(180))
    record(deposit, fee=mxn(180))

    assert posted_and_held(customer) == (5000, 0)
    assert clearing() == -4820
    assert kinds() == [KINDS.APPROVED, KINDS.FEE]


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"amount": mxn(4999)}, ProviderPayment.Quarantine.AMOUNT),
        ({"amount": Money(5000, "USD")}, ProviderPayment.Quarantine.CURRENCY),
        ({"reference": uuid4()}, ProviderPayment.Quarantine.REFERENCE),
        ({"reference": None}, ProviderPayment.Quarantine.REFERENCE),
        ({"is_ours": False}, ProviderPayment.Quarantine.RECEIVER),
    ],
    ids=["amount", "currency", "reference", "no reference", "receiver"],
)
def test_what_does_not_match_is_set_aside_and_moves_nothing(values, reason):
    deposit = deposit_for(customer_with())

    for _ in range(3):
        record(deposit, **values)

    payment = ProviderPayment.objects.get()
    assert (payment.state, payment.quarantine) == (ProviderPayment.State.QUARANTINED, reason)
    assert Journal.objects.count() == 0
    assert published(PaymentSetAside) == 1
    assert deposit.state == Deposit.State.CREATED


def test_a_payment_that_names_another_deposit_later_is_set_aside():
    customer = customer_with()
    deposit, other = deposit_for(customer), deposit_for(customer)
    record(deposit)

    record(other, minutes=1)

    assert ProviderPayment.objects.get().quarantine == ProviderPayment.Quarantine.CHANGED
    assert posted_and_held(customer) == (5000, 0)


def test_a_rejected_attempt_does_not_end_the_deposit():
    customer = customer_with()
    deposit = deposit_for(customer)

    record(deposit, payment_id="declined", state=ReadingState.REJECTED)
    record(deposit, payment_id="second card", minutes=1)

    assert deposit.state == Deposit.State.CREDITED
    assert posted_and_held(customer) == (5000, 0)


def test_a_late_success_of_an_expired_deposit_is_the_customers_money():
    customer = customer_with()
    deposit = deposit_for(customer)
    close_deposit(deposit, state=Deposit.State.EXPIRED)

    recorded = record(deposit)

    assert recorded.was_closed
    assert deposit.state == Deposit.State.CREDITED
    assert posted_and_held(customer) == (5000, 0)


def test_money_that_came_in_does_not_vanish_by_a_later_reading():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit)

    record(deposit, state=ReadingState.REJECTED, minutes=5)
    record(deposit, state=ReadingState.PENDING, minutes=6)

    assert deposit.state == Deposit.State.CREDITED
    assert posted_and_held(customer) == (5000, 0)


def test_refunds_made_at_the_provider_are_taken_from_the_wallet_once():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit)

    for _ in range(2):
        record(deposit, refunds=(refunded("r-1", 2000),), minutes=1)
    assert (deposit.state, posted_and_held(customer)) == (Deposit.State.PARTIALLY_REFUNDED, (3000, 0))
    record(deposit, refunds=(refunded("r-1", 2000), refunded("r-2", 3000)), minutes=2)

    assert (deposit.state, posted_and_held(customer)) == (Deposit.State.REFUNDED, (0, 0))
    assert published(DepositReturned) == 2
    assert clearing() == 0


def test_a_refund_that_arrives_with_the_approval_is_not_missed():
    customer = customer_with()
    deposit = deposit_for(customer)

    record(deposit, refunds=(refunded("r-1", 5000),))

    assert deposit.state == Deposit.State.REFUNDED
    assert posted_and_held(customer) == (0, 0)


def test_a_charge_back_takes_what_is_free_and_the_rest_is_owed():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit)
    held = place_hold(
        scope="test", key="h", payer=wallet(customer), payee=AccountKey.clearing(provider_id("x"), "MXN"),
        amount=mxn(3500), lasts=UNTIL_SETTLED,
    )  # fmt: skip

    for _ in range(2):
        record(deposit, state=ReadingState.CHARGED_BACK, minutes=1)

    assert held.is_replay is False
    assert posted_and_held(customer) == (3500, 3500)
    assert debt_of(customer) == 3500
    assert clearing() == 0
    assert deposit.state == Deposit.State.CHARGED_BACK


def test_what_is_owed_is_paid_by_the_next_deposit():
    customer = customer_with()
    first = deposit_for(customer)
    record(first)
    request_withdrawal(customer_id=customer, amount=mxn(4000), destination="012345678901234567")
    record(first, state=ReadingState.CHARGED_BACK, minutes=1)
    assert debt_of(customer) == 4000

    record(deposit_for(customer, 6000), payment_id="p-2")

    assert debt_of(customer) == 0
    assert posted_and_held(customer) == (6000, 4000)


def test_a_lifted_charge_back_gives_the_money_back_and_a_second_one_takes_it_again():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit)
    record(deposit, state=ReadingState.CHARGED_BACK, minutes=1)
    assert posted_and_held(customer) == (0, 0)

    record(deposit, minutes=2)
    assert (deposit.state, posted_and_held(customer)) == (Deposit.State.CREDITED, (5000, 0))
    record(deposit, state=ReadingState.CHARGED_BACK, minutes=3)

    assert posted_and_held(customer) == (0, 0)
    assert kinds() == [KINDS.APPROVED, KINDS.CHARGED_BACK, KINDS.CHARGE_BACK_LIFTED, KINDS.CHARGED_BACK]


def test_a_charge_back_after_a_part_was_refunded_takes_only_the_rest():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit, refunds=(refunded("r-1", 2000),))

    record(deposit, refunds=(refunded("r-1", 2000),), state=ReadingState.CHARGED_BACK, minutes=1)

    assert posted_and_held(customer) == (0, 0)
    assert debt_of(customer) == 0
    assert clearing() == 0


def test_a_dispute_moves_no_money_and_can_be_won():
    customer = customer_with()
    deposit = deposit_for(customer)
    record(deposit)

    record(deposit, state=ReadingState.DISPUTED, minutes=1)
    assert (deposit.state, posted_and_held(customer)) == (Deposit.State.DISPUTED, (5000, 0))
    record(deposit, minutes=2)

    assert deposit.state == Deposit.State.CREDITED
    assert kinds() == [KINDS.APPROVED, KINDS.DISPUTED]


HISTORY = [
    {"state": ReadingState.PENDING, "minutes": 0},
    {"state": ReadingState.APPROVED, "minutes": 1},
    {"state": ReadingState.APPROVED, "minutes": 2, "refunds": (refunded("r-1", 1000),)},
    {"state": ReadingState.DISPUTED, "minutes": 3, "refunds": (refunded("r-1", 1000),)},
    {"state": ReadingState.APPROVED, "minutes": 4, "refunds": (refunded("r-1", 1000), refunded("r-2", 500))},
]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, len(HISTORY) - 1), max_size=12))
def test_readings_in_any_order_end_where_the_newest_one_ends(order):
    customer = customer_with()
    deposit = deposit_for(customer)

    for number in [*order, len(HISTORY) - 1, *order]:
        record(deposit, payment_id=f"p-{deposit.pk}", **HISTORY[number])

    assert deposit.state == Deposit.State.PARTIALLY_REFUNDED
    assert posted_and_held(customer) == (3500, 0)
    assert PaymentEvent.objects.filter(payment__deposit=deposit, kind=KINDS.APPROVED).count() == 1
    assert published(DepositCredited) >= 1
