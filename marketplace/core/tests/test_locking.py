"""The house order of locks, and what becomes of a lock that does not come."""

import threading
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from marketplace.core.clock import read_db_now
from marketplace.core.locking import LockOrderError, LockRank, enter, is_lock_timeout, is_unavailable, lock
from marketplace.core.models import JobLease


def rows(*jobs):
    for job in jobs:
        JobLease.objects.get_or_create(job=job, defaults={"holder": uuid4(), "until": read_db_now()})
    return JobLease.objects.filter(job__in=jobs)


@pytest.mark.django_db(transaction=True)
def test_a_lock_outside_a_transaction_is_a_defect():
    with pytest.raises(LockOrderError):
        lock(LockRank.CART, rows("a"))
    with pytest.raises(LockOrderError):
        enter(LockRank.CART)


@pytest.mark.django_db
def test_also_when_only_the_test_case_has_a_transaction():
    with pytest.raises(LockOrderError):
        enter(LockRank.CART)


@transaction.atomic
def service(*ranks):
    for rank in ranks:
        enter(rank)


@pytest.mark.parametrize("transactional", [False, pytest.param(True, marks=pytest.mark.django_db(transaction=True))])
@pytest.mark.django_db
def test_ranks_go_up_and_each_transaction_begins_anew(transactional):
    service(LockRank.ORDER, LockRank.STOCK, LockRank.STOCK, LockRank.ACCOUNT)
    # An atomic decorator is one object for all calls: the second call must not inherit the first one's ranks.
    service(LockRank.ORDER, LockRank.STOCK)

    with pytest.raises(LockOrderError, match="ORDER locked after STOCK"):
        service(LockRank.STOCK, LockRank.ORDER)

    service(LockRank.IDEMPOTENCY_KEY, LockRank.LOYALTY)


@pytest.mark.django_db(transaction=True)
def test_ranks_are_remembered_through_nested_services():
    @transaction.atomic
    def outer():
        service(LockRank.STOCK)
        service(LockRank.CART)

    with pytest.raises(LockOrderError):
        outer()


@pytest.mark.django_db(transaction=True)
def test_after_a_failed_transaction_the_next_begins_anew():
    def fails():
        with transaction.atomic():
            enter(LockRank.LOYALTY)
            raise LookupError

    with pytest.raises(LookupError):
        fails()

    service(LockRank.PLAN)


@pytest.mark.django_db
def test_rows_come_locked_in_key_order():
    with transaction.atomic():
        locked = lock(LockRank.CART, rows("c", "a", "b").order_by("-job"))

    assert [row.job for row in locked] == ["a", "b", "c"]


@pytest.mark.django_db
def test_a_second_call_must_keep_the_order_of_keys():
    rows("a", "b", "c")
    with transaction.atomic():
        lock(LockRank.CART, rows("b"))
        lock(LockRank.CART, rows("b", "c"))
        lock(LockRank.CART, rows("b"))
        with pytest.raises(LockOrderError, match="higher key"):
            lock(LockRank.CART, rows("a"))


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_statement_locks_rows_without_blocking_foreign_keys(django_assert_num_queries):
    found = rows("a")
    with transaction.atomic(), django_assert_num_queries(1) as queries:
        lock(LockRank.CART, found)

    assert "FOR NO KEY UPDATE OF" in queries[0]["sql"]


@contextmanager
def somebody_holds(job):
    """Another connection holds the row (or, on SQLite, the whole database) until the block ends."""
    holds, leave = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            lock(LockRank.CART, JobLease.objects.filter(job=job))
            holds.set()
            leave.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holds.wait(5)
    try:
        yield
    finally:
        leave.set()
        thread.join(5)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("probe_api")
def test_a_lock_that_does_not_come_in_time_is_503_with_retry_after(api):
    rows("busy")
    with somebody_holds("busy"):
        response = api.post("/api/v1/locks/busy/")
    connection.close()

    assert response.status_code == 503
    assert response["Content-Type"] == "application/problem+json"
    assert int(response["Retry-After"]) >= 1
    assert response.json()["code"] == "unavailable"
    assert api.post("/api/v1/locks/busy/").status_code == 200
    connection.close()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_deadlocks_victim_is_told_to_try_again(together):
    rows("a", "b")
    barrier = threading.Barrier(2, timeout=5)

    def cross(number):
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = 0; SET LOCAL deadlock_timeout = '50ms'")
            JobLease.objects.select_for_update().get(job="ab"[number])
            barrier.wait()
            JobLease.objects.select_for_update().get(job="ba"[number])
        return True

    answers = together(cross, 2)

    assert True in answers
    victim = next(answer for answer in answers if answer is not True)
    assert is_lock_timeout(victim)


@pytest.mark.django_db(transaction=True)
def test_a_mistake_in_the_statement_is_no_outage():
    with pytest.raises((OperationalError, ProgrammingError)) as raised, connection.cursor() as cursor:
        cursor.execute("SELECT nothing FROM nowhere")

    assert not is_unavailable(raised.value)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement", ["SELECT pg_terminate_backend(pg_backend_pid())", "SET statement_timeout = 1; SELECT pg_sleep(1)"]
)
def test_a_lost_connection_and_a_cancelled_statement_are_outages(statement):
    with pytest.raises(OperationalError) as raised, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()

    assert is_unavailable(raised.value)
    assert not is_lock_timeout(raised.value)
