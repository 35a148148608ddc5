"""Breaker and rate limit of a provider, shared through the database."""

import time

import pytest

from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.ledger.tests.racing import race
from funds.payments import circuits
from funds.payments.models import PaymentTask, ProviderCircuit
from funds.payments.providers import ProviderDeferredError
from funds.payments.providers.protocol import ProviderUncertainError
from funds.payments.work import run_task

from .providers import ScriptedProvider, raising
from .readings import LONG_AGO, deposit_for, pass_time


def silent(times: int) -> ScriptedProvider:
    provider = ScriptedProvider()
    circuits.admit(provider)
    for _ in range(times):
        circuits.report_silence(provider.name)
    return provider


def test_a_provider_that_answers_is_called():
    provider = silent(circuits.FAILURES - 1)

    circuits.admit(provider)
    circuits.report_answer(provider.name)
    circuits.report_silence(provider.name)

    circuits.admit(provider)
    assert ProviderCircuit.objects.get().failures == 1


def test_after_silence_in_a_row_nobody_calls_and_then_one_may_try():
    provider = silent(circuits.FAILURES)
    with pytest.raises(ProviderDeferredError) as deferral:
        circuits.admit(provider)
    assert 1 <= deferral.value.seconds <= circuits.OPEN_FOR.total_seconds()

    ProviderCircuit.objects.update(open_until=LONG_AGO)
    circuits.admit(provider)
    with pytest.raises(ProviderDeferredError):
        circuits.admit(provider)
    circuits.report_answer(provider.name)

    circuits.admit(provider)


def test_an_open_circuit_costs_a_task_no_attempt():
    customer = customer_with()
    task = PaymentTask.objects.get(deposit=deposit_for(customer))
    provider = silent(circuits.FAILURES)

    for _ in range(20):
        assert run_task(task_id=task.pk, provider=provider) is False
        PaymentTask.objects.update(run_at=LONG_AGO)
    task.refresh_from_db()
    assert (task.attempts, task.state, provider.calls) == (0, PaymentTask.State.QUEUED, [])
    pass_time()
    run_task(task_id=task.pk, provider=provider)

    assert posted_and_held(customer) == (5000, 0)


def test_silence_of_tasks_opens_the_circuit_and_the_next_ones_wait():
    customers = [customer_with() for _ in range(circuits.FAILURES + 2)]
    tasks = [PaymentTask.objects.get(deposit=deposit_for(customer)) for customer in customers]
    provider = ScriptedProvider(before=raising(ProviderUncertainError("time-out")))

    for task in tasks:
        run_task(task_id=task.pk, provider=provider)

    assert len(provider.calls) == circuits.FAILURES
    assert PaymentTask.objects.filter(attempts=0).count() == 2


def test_calls_are_spaced_out():
    provider = ScriptedProvider()
    provider.calls_per_second = 2
    admitted = 0

    for _ in range(6):
        try:
            circuits.admit(provider)
            admitted += 1
        except ProviderDeferredError:
            break

    assert admitted in {2, 3}  # the first makes the row, the burst is one second's worth
    ProviderCircuit.objects.update(busy_until=LONG_AGO)
    circuits.admit(provider)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_one_of_many_probes_an_open_circuit():
    provider = silent(circuits.FAILURES)
    ProviderCircuit.objects.update(open_until=LONG_AGO)

    outcome = race(lambda _number: admit_or_refuse(provider), 10)

    assert sorted(outcome.elements())[0] == "done"
    assert ADMITTED.count(True) == 1


ADMITTED: list[bool] = []


def admit_or_refuse(provider) -> None:
    try:
        circuits.admit(provider)
        ADMITTED.append(True)
    except ProviderDeferredError:
        ADMITTED.append(False)
        time.sleep(0)
