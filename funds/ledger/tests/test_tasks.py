"""Housekeeping by beat."""

import logging
from uuid import uuid4

import pytest

from funds.facade import pay_order
from funds.ledger.models import Account, AccountDelta
from funds.ledger.tasks import tidy_ledger
from funds.payments.models import PaymentTask
from funds.payments.tests.readings import LONG_AGO, deposit_for
from funds.tasks import verify_ledger
from marketplace.core.money import Money

from .factories import customer_with


def test_tidying_folds_deltas():
    pay_order(order_id=uuid4(), customer_id=customer_with(100), total=Money(40, "MXN"))

    tidy_ledger()
    tidy_ledger()

    assert AccountDelta.objects.count() == 0
    assert sorted(Account.objects.values_list("posted", flat=True)) == [-100, 40, 60]


@pytest.mark.breaks_books
def test_a_broken_ledger_is_an_error_in_the_log(caplog):
    customer = customer_with(100)
    with caplog.at_level(logging.ERROR):
        verify_ledger()
        assert caplog.records == []
        Account.objects.filter(owner_id=customer).update(spent=1)

        verify_ledger()

    assert [record.message for record in caplog.records] == ["ledger invariant broken"]


@pytest.mark.breaks_books
def test_the_daily_check_reads_payments_and_orders_money_too(caplog):
    deposit_for(customer_with())
    PaymentTask.objects.update(state=PaymentTask.State.SENDING, lease_until=LONG_AGO)

    with caplog.at_level(logging.ERROR):
        verify_ledger()

    assert [record.__dict__["invariant"] for record in caplog.records] == ["no_task_sending_past_its_lease"]
