"""Who leaves: nobody with money, a debt or something undecided; and nothing of theirs stays but numbers."""

from uuid import uuid4

import pytest

from funds.ledger.errors import AccountNotEmptyError
from funds.ledger.services import roll_up_deltas
from funds.ledger.tests.factories import customer_with
from funds.payments import services
from funds.payments.models import Deposit, Payout
from funds.payments.providers.protocol import ReadingState
from funds.payments.tests.readings import debt_of, deposit_for, mxn, paid_deposit, record
from funds.payments.tests.test_decisions import by
from funds.wallets.services import expect_nothing_left, forget_customer
from marketplace.core.outbox.relay import drain


@pytest.mark.parametrize("is_rolled_up", [False, True], ids=["fresh", "rolled up"])
def test_a_debt_keeps_a_customer(is_rolled_up):
    customer = customer_with()
    deposit, payment = paid_deposit(customer)
    services.adjust_wallet(customer_id=customer, amount=mxn(5000), is_credit=False, **by())
    expect_nothing_left(customer)
    record(deposit, payment_id=payment.payment_id, minutes=1, state=ReadingState.CHARGED_BACK)
    assert debt_of(customer) == 5000
    if is_rolled_up:
        roll_up_deltas()

    with pytest.raises(AccountNotEmptyError):
        expect_nothing_left(customer)


def test_a_payment_that_was_set_aside_keeps_a_customer_until_it_is_decided():
    customer = customer_with()
    deposit = deposit_for(customer)
    payment = record(deposit, amount=mxn(1)).payment
    Deposit.objects.update(state=Deposit.State.EXPIRED)

    with pytest.raises(AccountNotEmptyError):
        expect_nothing_left(customer)
    services.dismiss_payment(payment_id=payment.pk, **by())

    expect_nothing_left(customer)


def test_bank_accounts_and_words_are_forgotten():
    customer, other = customer_with(5000), customer_with(5000)
    for owner in (customer, other):
        services.request_withdrawal(
            customer_id=owner, amount=mxn(5000), destination="032180000118359719", note=f"rent {uuid4()}"
        )
    drain()

    forget_customer(customer)

    mine, theirs = Payout.objects.get(owner_id=customer), Payout.objects.get(owner_id=other)
    assert (mine.note, mine.destination, mine.amount) == ("", "", mxn(5000))
    assert theirs.note
    assert theirs.destination
