"""Slots are taken once, leases by one at a time; a crash gives both back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from marketplace.core.clock import db_now
from marketplace.core.jobs import SlotOutsideTransactionError, period_slot, release_lease, take_lease, take_slot
from marketplace.core.models import JobLease, JobSlot

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_a_slot_outside_a_transaction_is_refused():
    with pytest.raises(SlotOutsideTransactionError):
        take_slot("probe", "1")

    assert not JobSlot.objects.exists()


@pytest.mark.django_db
def test_a_slot_is_taken_once_and_slots_are_apart():
    assert take_slot("probe", "1")
    assert not take_slot("probe", "1")
    assert take_slot("probe", "2")
    assert take_slot("other", "1")


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_take_it_once(together):
    def tick(_number):
        with transaction.atomic():
            return take_slot("probe", "1")

    assert sorted(together(tick, 6)) == [False] * 5 + [True]
    assert JobSlot.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_crash_gives_the_slot_back():
    def work_and_crash():
        with transaction.atomic():
            take_slot("probe", "1")
            raise LookupError

    with pytest.raises(LookupError):
        work_and_crash()

    with transaction.atomic():
        assert take_slot("probe", "1")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_second_waits_for_the_outcome_of_the_first():
    taken, answers = threading.Event(), []

    def second():
        taken.wait(5)
        with transaction.atomic():
            answers.append(take_slot("probe", "1"))
        connection.close()

    thread = threading.Thread(target=second)
    thread.start()

    def first_fails():
        with transaction.atomic():
            assert take_slot("probe", "1")
            taken.set()
            thread.join(0.3)
            assert not answers
            raise LookupError

    with pytest.raises(LookupError):
        first_fails()

    thread.join(5)
    assert answers == [True]


def test_a_period_has_one_slot():
    at = datetime(2026, 1, 31, 10, 0, 59, 999_999, tzinfo=UTC)

    assert period_slot(at, MINUTE) == str(int(datetime(2026, 1, 31, 10, 0, tzinfo=UTC).timestamp()))
    assert period_slot(at + timedelta(microseconds=1), MINUTE) != period_slot(at, MINUTE)


@pytest.mark.django_db
def test_a_lease_is_held_by_one_until_it_ends_or_is_given_back():
    mine = take_lease("probe", MINUTE)

    assert mine is not None
    assert take_lease("probe", MINUTE) is None
    assert take_lease("other", MINUTE) is not None

    release_lease("probe", mine)
    assert take_lease("probe", MINUTE) is not None


@pytest.mark.django_db
def test_a_lease_that_ran_out_goes_to_the_next_and_the_old_holder_cannot_release_it():
    old = take_lease("probe", MINUTE)
    assert old is not None
    JobLease.objects.update(until=db_now() - timedelta(seconds=1))

    new = take_lease("probe", MINUTE)
    assert new not in {None, old}

    release_lease("probe", old)
    assert take_lease("probe", MINUTE) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_who_ask_at_once_one_gets_the_lease(together):
    answers = together(lambda _: take_lease("probe", MINUTE), 6)

    assert sum(answer is not None for answer in answers) == 1
