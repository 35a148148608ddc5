"""A deposit from the intent to the wallet, through every way a worker, a message or an answer can be lost."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funds.events import DepositCredited, DepositRejected, PaymentSetAside
from funds.ledger.models import Journal
from funds.ledger.tests.factories import customer_with, posted_and_held
from funds.payments import tasks, work
from funds.payments.errors import DepositNotCancellableError, UnknownDepositError, UnknownProviderError
from funds.payments.models import Deposit, PaymentAttempt, PaymentTask, ProviderCircuit, ProviderPayment
from funds.payments.providers.protocol import (
    Checkout,
    PaymentReading,
    ProviderRefusedError,
    ProviderUncertainError,
    ReadingState,
)
from funds.payments.services import cancel_deposit, record_reading, request_deposit
from funds.payments.work import (
    MAX_ATTEMPTS,
    WAKE_AGAIN,
    WAKE_AGAIN_AT_MOST,
    run_task,
    sweep_due_tasks,
    take_wake_ups,
)
from marketplace.core.money import Money
from marketplace.core.outbox.models import OutboxEvent
from marketplace.core.outbox.relay import drain

from .providers import Killed, ScriptedProvider, raising

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FIFTY = Money(5000, "MXN")


def request(customer, amount: Money = FIFTY) -> PaymentTask:
    deposit = request_deposit(customer_id=customer, amount=amount, provider="sandbox")
    return PaymentTask.objects.get(deposit=deposit)


def deposit_of(task: PaymentTask) -> Deposit:
    return Deposit.objects.get(tasks=task)


def pass_time() -> None:
    """Back-offs, leases, wake-ups and open circuits are over."""
    ProviderCircuit.objects.update(open_until=LONG_AGO)
    PaymentTask.objects.update(run_at=LONG_AGO, wake_at=LONG_AGO)
    PaymentTask.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)


def published(event) -> int:
    return OutboxEvent.objects.filter(wire_name=event.wire_name).count()


def test_the_outbox_carries_a_deposit_to_the_wallet():
    customer = customer_with()
    task = request(customer)

    drain()

    task.refresh_from_db()
    assert task.state == PaymentTask.State.DONE
    assert deposit_of(task).state == Deposit.State.CREDITED
    assert deposit_of(task).credited_at is not None
    assert posted_and_held(customer) == (5000, 0)
    assert published(DepositCredited) == 1


def test_a_wake_up_that_led_to_nothing_is_sent_again_after_a_while():
    customer = customer_with()
    task = request(customer)

    assert take_wake_ups() == [task.pk]
    assert take_wake_ups() == []
    task.refresh_from_db()
    assert task.wake_at - task.run_at == pytest.approx(WAKE_AGAIN, abs=timedelta(seconds=1))
    pass_time()
    sweep_due_tasks()

    assert posted_and_held(customer) == (5000, 0)


def test_the_older_a_task_the_rarer_its_wake_ups_up_to_half_a_minute():
    task = request(customer_with())
    PaymentTask.objects.update(run_at=task.run_at - timedelta(seconds=10), wake_at=LONG_AGO)
    take_wake_ups()
    task.refresh_from_db()
    assert task.wake_at - task.run_at == pytest.approx(timedelta(seconds=25), abs=timedelta(seconds=1))
    PaymentTask.objects.update(run_at=task.run_at - timedelta(hours=1), wake_at=LONG_AGO)

    before = timezone.now()
    take_wake_ups()

    task.refresh_from_db()
    assert task.wake_at - before == pytest.approx(WAKE_AGAIN_AT_MOST, abs=timedelta(seconds=1))


def test_a_backlog_waits_in_the_table_and_not_as_messages(monkeypatch):
    monkeypatch.setattr(work, "MOST_WOKEN", 3)
    found = [request(customer_with()) for _ in range(5)]

    assert len(take_wake_ups()) == 3
    assert take_wake_ups() == []
    run_task(task_id=found[0].pk)

    assert len(take_wake_ups()) == 1


def test_wake_ups_go_to_the_queue_of_payments():
    task = request(customer_with())
    pass_time()

    tasks.send_wake_ups(take_wake_ups())

    task.refresh_from_db()
    assert task.state == PaymentTask.State.QUEUED


def test_messages_that_come_again_do_nothing():
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider()

    assert run_task(task_id=task.pk, provider=provider) is True
    assert run_task(task_id=task.pk, provider=provider) is False
    assert run_task(task_id=uuid4(), provider=provider) is False

    assert provider.calls == ["start"]
    assert posted_and_held(customer) == (5000, 0)


def test_the_claim_is_committed_before_the_provider_is_called():
    task = request(customer_with())

    with transaction.atomic(), pytest.raises(RuntimeError, match="commits its claim"):
        run_task(task_id=task.pk, provider=ScriptedProvider())


def test_a_worker_that_dies_before_sending_is_replaced():
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider(before=raising(Killed()))
    with pytest.raises(Killed):
        run_task(task_id=task.pk, provider=provider)
    assert run_task(task_id=task.pk, provider=provider) is False  # the lease holds
    pass_time()
    provider.before = None

    assert run_task(task_id=task.pk, provider=provider) is True

    assert provider.calls == ["start", "find", "start"]
    assert posted_and_held(customer) == (5000, 0)


def test_a_worker_that_dies_after_sending_asks_before_it_sends_again():
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider(after=raising(Killed()))
    with pytest.raises(Killed):
        run_task(task_id=task.pk, provider=provider)
    assert posted_and_held_or_none(customer) == (0, 0)
    pass_time()

    assert run_task(task_id=task.pk, provider=provider) is True

    assert provider.calls == ["start", "find"]
    assert posted_and_held(customer) == (5000, 0)
    outcomes = list(PaymentAttempt.objects.order_by("number").values_list("outcome", flat=True))
    assert outcomes == [PaymentAttempt.Outcome.UNKNOWN, PaymentAttempt.Outcome.ACCEPTED]


def posted_and_held_or_none(customer) -> tuple[int, int]:
    try:
        return posted_and_held(customer)
    except ValueError:
        return 0, 0


def test_every_attempt_of_an_intent_sends_the_same_key():
    task = request(customer_with())
    provider = ScriptedProvider(before=raising(ProviderUncertainError("time-out")))
    for _ in range(3):
        run_task(task_id=task.pk, provider=provider)
        pass_time()

    assert PaymentAttempt.objects.count() == 3
    assert PaymentAttempt.objects.values("key").distinct().count() == 1


def test_no_answer_is_unknown_and_never_failed():
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider(after=raising(ProviderUncertainError("connection reset")))

    run_task(task_id=task.pk, provider=provider)

    task.refresh_from_db()
    assert (task.state, task.last_error) == (PaymentTask.State.UNKNOWN, "connection reset")
    assert deposit_of(task).state == Deposit.State.CREATED
    assert task.run_at > datetime.now(UTC)
    pass_time()
    run_task(task_id=task.pk, provider=provider)
    assert provider.calls == ["start", "find"]
    assert posted_and_held(customer) == (5000, 0)


def test_a_defect_counts_as_unknown():
    task = request(customer_with())

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(KeyError("adapter"))))

    task.refresh_from_db()
    assert task.state == PaymentTask.State.UNKNOWN


def test_a_definite_refusal_ends_the_deposit():
    customer = customer_with()
    task = request(customer)

    run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(ProviderRefusedError("card"))))

    task.refresh_from_db()
    assert (task.state, deposit_of(task).state) == (PaymentTask.State.FAILED, Deposit.State.REJECTED)
    assert published(DepositRejected) == 1
    assert Journal.objects.count() == 0


def test_a_task_is_parked_for_a_person_after_the_limit():
    task = request(customer_with())
    provider = ScriptedProvider(before=raising(ProviderUncertainError("down")))
    for _ in range(MAX_ATTEMPTS):
        assert run_task(task_id=task.pk, provider=provider) is True
        pass_time()

    assert run_task(task_id=task.pk, provider=provider) is False
    task.refresh_from_db()
    assert (task.state, task.attempts) == (PaymentTask.State.NEEDS_REVIEW, MAX_ATTEMPTS)


def test_a_task_that_kills_every_worker_is_parked():
    task = request(customer_with())
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(Killed):
            run_task(task_id=task.pk, provider=ScriptedProvider(before=raising(Killed())))
        pass_time()

    assert sweep_due_tasks() == 0
    task.refresh_from_db()
    assert task.state == PaymentTask.State.NEEDS_REVIEW


def test_a_worker_that_lost_its_lease_records_nothing():
    customer = customer_with()
    task = request(customer)
    second = ScriptedProvider()

    def be_slow() -> None:
        pass_time()
        run_task(task_id=task.pk, provider=second)

    run_task(task_id=task.pk, provider=ScriptedProvider(after=be_slow))

    assert second.calls == ["find", "start"]
    assert posted_and_held(customer) == (5000, 0)
    assert published(DepositCredited) == 1


def test_a_provider_with_a_checkout_waits_for_the_customer():
    task = request(customer_with())

    run_task(task_id=task.pk, provider=ScriptedProvider(urls=True))

    deposit = Deposit.objects.get()
    assert (deposit.state, deposit.checkout_url) == (Deposit.State.PREFERENCE_READY, "https://pay.example/1")
    assert Journal.objects.count() == 0
    task.refresh_from_db()
    assert task.state == PaymentTask.State.DONE


def reading(deposit: Deposit, **values) -> PaymentReading:
    defaults = {
        "payment_id": "p-1",
        "reference": deposit.pk,
        "state": ReadingState.APPROVED,
        "amount": deposit.amount,
        "updated_at": datetime(2026, 1, 31, tzinfo=UTC),
    }
    return PaymentReading(**{**defaults, **values})


@pytest.mark.parametrize(
    "values",
    [{"amount": Money(4999, "MXN")}, {"amount": Money(5000, "USD")}, {"reference": uuid4()}],
    ids=["amount", "currency", "reference"],
)
def test_a_payment_that_does_not_match_is_set_aside(values):
    customer = customer_with()
    task = request(customer)

    class Odd(ScriptedProvider):
        def start_deposit(self, **call) -> Checkout:
            return Checkout("", (reading(deposit_of(task), **values),))

    run_task(task_id=task.pk, provider=Odd())

    task.refresh_from_db()
    assert task.state == PaymentTask.State.DONE
    assert ProviderPayment.objects.get().state == ProviderPayment.State.QUARANTINED
    assert published(PaymentSetAside) == 1
    assert Journal.objects.count() == 0
    assert deposit_of(task).state == Deposit.State.PENDING


def record(deposit: Deposit, **values) -> None:
    record_reading(provider="sandbox", reading=reading(deposit, **values))
    deposit.refresh_from_db()


def test_a_payment_read_many_times_is_credited_once():
    customer = customer_with()
    deposit = deposit_of(request(customer))

    for _ in range(5):
        record(deposit)

    assert posted_and_held(customer) == (5000, 0)
    assert published(DepositCredited) == 1


def test_a_deposit_paid_twice_is_credited_twice():
    customer = customer_with()
    deposit = deposit_of(request(customer))

    record(deposit, payment_id="p-1")
    record(deposit, payment_id="p-2")

    assert posted_and_held(customer) == (10000, 0)


def test_an_older_reading_never_moves_a_payment_back():
    customer = customer_with()
    deposit = deposit_of(request(customer))
    record(deposit, state=ReadingState.REJECTED)

    record(deposit, state=ReadingState.PENDING, updated_at=LONG_AGO)
    assert ProviderPayment.objects.get().state == ProviderPayment.State.REJECTED
    record(deposit, updated_at=datetime(2026, 2, 1, tzinfo=UTC))
    record(deposit, state=ReadingState.REJECTED, updated_at=datetime(2026, 3, 1, tzinfo=UTC))

    assert ProviderPayment.objects.get().state == ProviderPayment.State.APPROVED
    assert posted_and_held(customer) == (5000, 0)


def test_a_late_payment_of_a_cancelled_deposit_is_still_the_customers_money():
    customer = customer_with()
    deposit = cancel_deposit(deposit_id=deposit_of(request(customer)).pk, customer_id=customer)

    record(deposit)

    assert deposit.state == Deposit.State.CREDITED
    assert posted_and_held(customer) == (5000, 0)


def test_cancelling_stops_the_task():
    customer = customer_with()
    task = request(customer)

    cancel_deposit(deposit_id=deposit_of(task).pk, customer_id=customer)
    again = cancel_deposit(deposit_id=deposit_of(task).pk, customer_id=customer)
    drain()

    assert again.state == Deposit.State.CANCELLED
    assert Journal.objects.count() == 0
    assert run_task(task_id=task.pk) is False


def test_what_was_sent_cannot_be_cancelled():
    customer = customer_with()
    task = request(customer)
    with pytest.raises(Killed):
        run_task(task_id=task.pk, provider=ScriptedProvider(after=raising(Killed())))

    with pytest.raises(DepositNotCancellableError):
        cancel_deposit(deposit_id=deposit_of(task).pk, customer_id=customer)
    with pytest.raises(UnknownDepositError):
        cancel_deposit(deposit_id=deposit_of(task).pk, customer_id=uuid4())

    task.refresh_from_db()
    assert task.state == PaymentTask.State.SENDING


def test_bad_requests_leave_nothing_behind():
    customer = customer_with()

    with pytest.raises(UnknownProviderError):
        request_deposit(customer_id=customer, amount=FIFTY, provider="mercadopago")
    with pytest.raises(ValueError, match="brings something in"):
        request_deposit(customer_id=customer, amount=Money(0, "MXN"), provider="sandbox")

    assert Deposit.objects.count() == PaymentTask.objects.count() == OutboxEvent.objects.count() == 0


FAULTS = {
    "die before": lambda: {"before": raising(Killed())},
    "die after": lambda: {"after": raising(Killed())},
    "time-out before": lambda: {"before": raising(ProviderUncertainError("t"))},
    "time-out after": lambda: {"after": raising(ProviderUncertainError("t"))},
    "defect": lambda: {"after": raising(ZeroDivisionError())},
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(FAULTS)), max_size=MAX_ATTEMPTS - 1))
def test_any_sequence_of_faults_credits_exactly_once(faults):
    customer = customer_with()
    task = request(customer)
    provider = ScriptedProvider()
    for fault in faults:
        provider.before = provider.after = None
        vars(provider).update(FAULTS[fault]())
        try:
            run_task(task_id=task.pk, provider=provider)
        except Killed:
            # What the dead worker had not committed is gone with its connection.
            assert not connection.needs_rollback
        pass_time()
    provider.before = provider.after = None
    sweep = run_task(task_id=task.pk, provider=provider)

    assert posted_and_held(customer) == (5000, 0)
    assert sweep or deposit_of(task).state == Deposit.State.CREDITED
    assert len(provider.accepted) == 1
