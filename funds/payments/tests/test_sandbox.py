"""The sandbox misbehaves as its amounts say, and the money is right all the same (docs/payments/sandbox.md)."""

import pytest

from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import work
from funds.payments.models import Deposit, PaymentAttempt, PaymentTask, Payout
from funds.payments.providers import sandbox
from funds.payments.reconciliation import check_unsettled
from funds.payments.services import record_reading, request_withdrawal
from funds.payments.work import sweep_due_tasks
from marketplace.core.outbox.relay import drain

from .readings import LONG_AGO, deposit_for, mxn, pass_time

CLABE = "032180000118359719"


def settle_down() -> None:
    """Everything that is tried again was tried again, and everybody was asked."""
    drain()
    for _ in range(3):
        pass_time()
        sweep_due_tasks()
    Deposit.objects.filter(next_check_at__isnull=False).update(next_check_at=LONG_AGO)
    Payout.objects.filter(next_check_at__isnull=False).update(next_check_at=LONG_AGO)
    check_unsettled()


@pytest.mark.parametrize(
    ("minor", "state", "credited"),
    [
        (sandbox.REFUSED, Deposit.State.REJECTED, 0),
        (sandbox.PENDING, Deposit.State.CREDITED, sandbox.PENDING),
        (sandbox.TWICE, Deposit.State.CREDITED, 2 * sandbox.TWICE),
        (sandbox.ANSWER_LOST, Deposit.State.CREDITED, sandbox.ANSWER_LOST),
        (sandbox.NOT_REACHED, Deposit.State.CREDITED, sandbox.NOT_REACHED),
        (sandbox.OTHER_AMOUNT, Deposit.State.PENDING, 0),
        (sandbox.TOO_MANY, Deposit.State.CREDITED, sandbox.TOO_MANY),
        (50_00, Deposit.State.CREDITED, 50_00),
    ],
)
def test_a_deposit_ends_as_its_amount_says(minor, state, credited):
    customer = customer_with(1_00)
    deposit = deposit_for(customer, minor)

    settle_down()

    deposit.refresh_from_db()
    assert deposit.state == state
    assert posted_and_held(customer) == (1_00 + credited, 0)
    assert not PaymentTask.objects.exclude(state__in=["done", "failed"]).exists()


@pytest.mark.parametrize(
    ("minor", "state"),
    [
        (sandbox.REFUSED, Payout.State.FAILED),
        (sandbox.PENDING, Payout.State.SETTLED),
        (sandbox.ANSWER_LOST, Payout.State.SETTLED),
        (sandbox.NOT_REACHED, Payout.State.SETTLED),
        (sandbox.TOO_MANY, Payout.State.SETTLED),
        (50_00, Payout.State.SETTLED),
    ],
)
def test_a_withdrawal_ends_as_its_amount_says(minor, state):
    customer = customer_with(1000_00)
    payout = request_withdrawal(customer_id=customer, amount=mxn(minor), destination=CLABE)

    settle_down()

    payout.refresh_from_db()
    assert payout.state == state
    assert posted_and_held(customer) == (1000_00 - (minor if state == Payout.State.SETTLED else 0), 0)


def test_an_answer_that_cannot_be_recorded_is_tried_again_and_not_lost(monkeypatch):
    customer = customer_with()
    deposit_for(customer)
    broken = [ZeroDivisionError("a defect of ours")]

    def failing_once(**values):
        if broken:
            raise broken.pop()
        return real(**values)

    real = record_reading
    monkeypatch.setattr(work, "record_reading", failing_once)
    drain()
    assert PaymentAttempt.objects.get().outcome == PaymentAttempt.Outcome.UNKNOWN
    pass_time()
    sweep_due_tasks()

    assert posted_and_held(customer) == (5000, 0)
