"""kill -9 at every crash point of the payment queue: afterwards nothing is lost and nothing is doubled.

The worker is a process of its own on the test's PostgreSQL; the provider is the fake Mercado Pago over HTTP, which
lives on and can count. `python -m chaos kill_payments` does the same to whole Celery workers, 50 times each.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from funds.ledger.models import Hold
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import reconciliation, work
from funds.payments.models import (
    Deposit,
    PaymentAttempt,
    PaymentEvent,
    PaymentTask,
    Payout,
    ProviderEvent,
    ProviderPayment,
    Refund,
)
from funds.payments.providers.protocol import Notification
from funds.payments.services import receive_notification, request_deposit, request_refund, request_withdrawal
from marketplace.core.money import Money

from .crash_points import POINTS
from .mercadopago.server import TOKEN, FakeMercadoPago

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FIFTY, TEN = Money(5000, "MXN"), Money(1000, "MXN")
WORKER_POINTS = [(number, plant.__name__) for number in (3, 4, 5, 6, 7) for plant in POINTS[number]]
at_every_point = pytest.mark.parametrize(
    "point", [name for _, name in WORKER_POINTS], ids=[f"{number} {name}" for number, name in WORKER_POINTS]
)
CONFIGURED = {
    "MERCADOPAGO_ACCESS_TOKEN": TOKEN,
    "MERCADOPAGO_COLLECTOR_ID": "123456789",
    "MERCADOPAGO_CURRENCY": "MXN",
}
Kill = Callable[[PaymentTask, str], None]
TAKEN_UP = {"popped": 0, "before_ack": 1}
"""Attempts that a worker killed there leaves behind; 1 at the others."""


@pytest.fixture
def fake(settings: Any) -> Iterator[FakeMercadoPago]:
    """Customers pay at once; we are configured for it, and so are our children."""
    with FakeMercadoPago(auto_approve=True).running() as running:
        for name, value in CONFIGURED.items():
            setattr(settings, name, value)
        settings.MERCADOPAGO_API_URL = running.url
        yield running


@pytest.fixture(scope="module")
def workshop(django_db_setup: None) -> Iterator[subprocess.Popen[str]]:
    """The process that forks the workers, on this test's database."""
    known = connection.settings_dict
    host = f"{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "funds.payments.tests.killed_workers"],
        env={
            **os.environ,
            "DATABASE_URL": f"postgres://{host}/{known['NAME']}",
            "DJANGO_SETTINGS_MODULE": "marketplace.settings.test",
            **CONFIGURED,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


@pytest.fixture
def kill_worker(workshop: subprocess.Popen[str], fake: FakeMercadoPago) -> Kill:
    """Let a worker carry the task out that must die of SIGKILL at the point."""

    def kill(task: PaymentTask, point: str) -> None:
        order = {"point": point, "task": str(task.pk), "api_url": fake.url}
        print(json.dumps(order), file=workshop.stdin, flush=True)
        assert workshop.stdout is not None
        assert int(workshop.stdout.readline()) == -signal.SIGKILL

    return kill


def go_on() -> None:
    """The lease ends, a healthy worker sweeps; then what nobody told us about is asked about."""
    PaymentTask.objects.filter(state=PaymentTask.State.SENDING).update(lease_until=LONG_AGO, wake_at=LONG_AGO)
    PaymentTask.objects.update(run_at=LONG_AGO)
    work.sweep_due_tasks()
    Deposit.objects.filter(state__in=Deposit.OPEN_STATES).update(next_check_at=LONG_AGO)
    reconciliation.check_unsettled()


def requested_deposit(customer) -> PaymentTask:
    deposit = request_deposit(customer_id=customer, amount=FIFTY, provider="mercadopago")
    return PaymentTask.objects.get(deposit=deposit)


def credited_payment(customer) -> ProviderPayment:
    requested_deposit(customer)
    go_on()
    return ProviderPayment.objects.get(deposit__customer=customer)


def one_key(task: PaymentTask) -> bool:
    return len(set(PaymentAttempt.objects.filter(task=task).values_list("key", flat=True))) == 1


@at_every_point
def test_a_deposit_survives_a_worker_killed_there(point, fake, kill_worker):
    customer = customer_with()
    task = requested_deposit(customer)

    kill_worker(task, point)
    task.refresh_from_db()
    left = task.attempts
    go_on()

    task.refresh_from_db()
    assert left == TAKEN_UP.get(point, 1)
    assert task.state == PaymentTask.State.DONE
    assert one_key(task)
    assert len(fake.account.preferences) == 1
    assert len(fake.account.payments) == 1
    assert posted_and_held(customer) == (5000, 0)


@at_every_point
def test_a_refund_survives_a_worker_killed_there(point, fake, kill_worker):
    customer = customer_with()
    payment = credited_payment(customer)
    refund = request_refund(payment_id=payment.pk, amount=TEN, reason="chaos", requested_by=None)
    task = PaymentTask.objects.get(refund=refund)

    kill_worker(task, point)
    go_on()

    refund.refresh_from_db()
    assert refund.state == Refund.State.SETTLED
    assert one_key(task)
    (paid,) = fake.account.payments.values()
    assert [each.amount for each in paid.refunds] == [10]
    assert PaymentEvent.objects.filter(payment=payment, kind=PaymentEvent.Kind.REFUNDED).count() == 1
    assert posted_and_held(customer) == (4000, 0)


@at_every_point
def test_a_payout_survives_a_worker_killed_there(point, fake, kill_worker):
    customer = customer_with(100_00)
    payout = request_withdrawal(customer_id=customer, amount=FIFTY, destination="032180000118359719")
    task = PaymentTask.objects.get(payout=payout)

    kill_worker(task, point)
    go_on()

    payout.refresh_from_db()
    assert payout.state == Payout.State.SETTLED
    assert payout.provider_payout_id == f"sandbox-{PaymentAttempt.objects.filter(task=task)[0].key}"
    assert one_key(task)
    assert posted_and_held(customer) == (5000, 0)


@at_every_point
def test_a_webhook_before_our_own_commit_survives_a_worker_killed_there(point, fake, kill_worker):
    customer = customer_with()
    kill_worker(requested_deposit(customer), "answered")
    (payment_id,) = fake.account.payments
    told = Notification(event_key="once", payment_id=str(payment_id))
    for _ in range(3):
        receive_notification(provider="mercadopago", notification=told, at=datetime.now(UTC))
    task = PaymentTask.objects.get(event__isnull=False)

    kill_worker(task, point)
    go_on()

    assert ProviderEvent.objects.get().processed_at is not None
    assert not PaymentTask.objects.exclude(state=PaymentTask.State.DONE).exists()
    assert len(fake.account.preferences) == 1
    assert PaymentEvent.objects.filter(kind=PaymentEvent.Kind.APPROVED).count() == 1
    assert posted_and_held(customer) == (5000, 0)


def test_a_claim_that_is_not_committed_before_the_call_would_be_seen(fake, kill_worker):
    task = requested_deposit(customer_with())

    kill_worker(task, "uncommitted_claim")
    go_on()

    assert len(fake.account.preferences) == 2


def test_a_new_key_for_every_attempt_would_be_seen(fake, kill_worker):
    payment = credited_payment(customer_with())
    refund = request_refund(payment_id=payment.pk, amount=TEN, reason="chaos", requested_by=None)

    kill_worker(PaymentTask.objects.get(refund=refund), "other_key")
    go_on()

    (paid,) = fake.account.payments.values()
    assert [each.amount for each in paid.refunds] == [10, 10]
    # Only the one that was asked for was held; the other is owed, so the books are sound and the customer's are not.
    assert not Hold.objects.filter(state=Hold.State.ACTIVE).exists()
