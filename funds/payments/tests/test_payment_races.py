"""Payments with many workers and many clients at once (PostgreSQL)."""

from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.ledger.tests.racing import race
from funds.payments.models import Deposit, PaymentAttempt, PaymentTask
from funds.payments.services import cancel_deposit, request_deposit
from funds.payments.work import run_task, sweep_due_tasks, take_wake_ups
from marketplace.core.money import Money
from marketplace.core.outbox.relay import drain
from users.models import User

from .providers import ScriptedProvider

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS = 10
FIFTY = Money(50_00, "MXN")


def request(customer) -> PaymentTask:
    return PaymentTask.objects.get(deposit=request_deposit(customer_id=customer, amount=FIFTY, provider="sandbox"))


def test_one_worker_of_many_carries_a_task_out():
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider()
    ran: list[bool] = []

    race(lambda _number: ran.append(run_task(task_id=task.pk, provider=provider)), WORKERS)

    assert sorted(ran) == [False] * (WORKERS - 1) + [True]
    assert provider.calls == ["start"]
    assert PaymentAttempt.objects.count() == 1
    assert posted_and_held(customer) == (50_00, 0)


def test_many_sweepers_share_the_work():
    customers = [customer_with() for _ in range(30)]
    for customer in customers:
        request(customer)
    ran: list[int] = []

    race(lambda _number: ran.append(sweep_due_tasks()), 6)

    assert sum(ran) == 30
    assert Deposit.objects.filter(state=Deposit.State.CREDITED).count() == 30
    assert {posted_and_held(customer) for customer in customers} == {(50_00, 0)}


def test_a_wake_up_is_given_to_one_relay():
    task = request(customer_with())
    PaymentTask.objects.update(wake_at=task.run_at)
    taken: list[int] = []

    race(lambda _number: taken.append(len(take_wake_ups())), WORKERS)

    assert sum(taken) == 1


def test_cancelling_and_sending_have_one_winner():
    for _ in range(10):
        customer = customer_with()
        task = request(customer)
        provider = ScriptedProvider()

        def act(number: int, customer=customer, task=task, provider=provider) -> None:
            if number:
                cancel_deposit(deposit_id=Deposit.objects.get(tasks=task).pk, customer_id=customer)
            else:
                run_task(task_id=task.pk, provider=provider)

        race(act, 2)

        state = Deposit.objects.get(tasks=task).state
        assert (state, provider.calls) in [(Deposit.State.CREDITED, ["start"]), (Deposit.State.CANCELLED, [])]


def test_a_hundred_requests_with_one_key_are_one_deposit():
    customer = customer_with()
    user = User.objects.get(pk=customer)
    key, answers = uuid4().hex, []

    def ask(_number: int) -> None:
        client = APIClient()
        client.force_authenticate(user)
        for _ in range(10):
            answer = client.post(
                "/api/v1/funds/",
                {"amount": {"amount": "50.00", "currency": "MXN"}},
                format="json",
                headers={"Idempotency-Key": key},
            )
            answers.append((answer.status_code, answer.content))

    assert race(ask, 10) == {"done": 10}
    assert len(answers) == 100
    assert len(set(answers)) == 1
    assert answers[0][0] == 202
    assert Deposit.objects.count() == 1
    drain()
    assert posted_and_held(customer) == (50_00, 0)
