"""Telling an audience: chunks, replay, the daily cap, dying in the middle."""

import threading
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from marketplace.core.clock import platform_day
from marketplace.core.ids import NIL, uuid7
from notifications.audiences import statement
from notifications.audiences.models import FanOut
from notifications.audiences.services import begin_fan_out
from notifications.audiences.statement import tell_audience
from notifications.inbox.models import InboxItem, Message
from notifications.inbox.tests.factories import MessageFactory
from users.contracts import Audience
from users.customers.models import CustomerPlace

NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
NEXT_DAY = datetime(2026, 3, 3, 18, tzinfo=UTC)
CENTRE: dict[str, Any] = {"latitude": 19.4326, "longitude": -99.1332}


def people(count: int, *, segments: tuple[UUID, ...] = (NIL,), away: float = 0.0) -> list[UUID]:
    ids = sorted(uuid7() for _ in range(count))
    CustomerPlace.objects.bulk_create(
        CustomerPlace(segment=segment, customer=customer, latitude=19.4326 + away, longitude=-99.1332)
        for customer in ids
        for segment in segments
    )
    return ids


def nearby(*segments: UUID) -> Audience:
    return Audience(**CENTRE, radius_km=2.0, segment_ids=frozenset(segments))


def fan_out(*segments: UUID, message: Message | None = None, at: datetime = NOON) -> FanOut:
    message = message or MessageFactory(kind="flash_started")
    return begin_fan_out(message=message, audience=nearby(*segments), cap_day=platform_day(at), at=at)


def told(run: FanOut) -> list[UUID]:
    items = InboxItem.objects.filter(message=run.message_id).order_by("customer")
    return list(items.values_list("customer", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 25])
def test_everybody_is_told_once_whatever_the_chunk_boundaries(count):
    ids = people(count)
    run = fan_out()

    number = tell_audience(run, chunk=10)

    assert number == count
    assert told(run) == ids
    assert FanOut.objects.get(pk=run.pk).finished_at is not None
    assert FanOut.objects.get(pk=run.pk).told_count == count


@pytest.mark.django_db
def test_only_those_near_enough_and_in_a_named_segment_are_told_and_nobody_twice():
    gold, night = uuid7(), uuid7()
    in_both = people(3, segments=(NIL, gold, night))
    in_one = people(2, segments=(NIL, gold))
    people(4)
    people(5, segments=(NIL, gold), away=0.05)
    run = fan_out(gold, night)

    number = tell_audience(run, chunk=2)

    assert number == 5
    assert told(run) == sorted(in_both + in_one)


@pytest.mark.django_db
def test_replay_adds_nothing_and_changes_no_row():
    people(7)
    run = fan_out()
    tell_audience(run, chunk=3)
    before = list(InboxItem.objects.order_by("id").values_list())

    again = fan_out(message=run.message, at=NEXT_DAY)
    number = tell_audience(again, chunk=3)
    FanOut.objects.filter(pk=run.pk).update(finished_at=None, told_up_to=NIL)
    run.refresh_from_db()
    number += tell_audience(run, chunk=4)

    assert number == 0
    assert list(InboxItem.objects.order_by("id").values_list()) == before
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_second_promotion_of_a_day_reaches_only_those_who_had_none():
    early = people(4)
    first = fan_out()
    tell_audience(first)
    late = people(3)
    second = fan_out()

    number = tell_audience(second, chunk=2)

    assert number == 3
    assert told(second) == late
    assert told(first) == early
    assert tell_audience(fan_out(at=NEXT_DAY)) == 7


@pytest.mark.django_db
def test_day_of_the_cap_is_the_platforms_and_stays_when_work_goes_on_past_midnight():
    people(1)
    just_before_midnight = datetime(2026, 3, 3, 5, 59, tzinfo=UTC)  # 23:59 in Mexico City

    run = fan_out(at=just_before_midnight)
    tell_audience(run)

    assert InboxItem.objects.get().cap_day == date(2026, 3, 2)


@pytest.mark.django_db
def test_killed_in_the_middle_goes_on_behind_the_last_commit(monkeypatch):
    ids = people(25)
    run = fan_out()
    advance, chunks = statement._advance, iter([False, False, True])

    def dying(*args):
        if next(chunks):
            raise SystemExit
        advance(*args)

    monkeypatch.setattr(statement, "_advance", dying)
    with pytest.raises(SystemExit):
        tell_audience(run, chunk=10)
    monkeypatch.undo()

    assert told(run) == ids[:20]
    survivor = fan_out(message=run.message)
    assert survivor.told_up_to == ids[19]
    assert tell_audience(survivor, chunk=10) == 5
    assert told(run) == ids


@pytest.mark.django_db
def test_chunk_costs_the_same_queries_however_many_people(django_assert_num_queries):
    people(30)
    run = fan_out()

    # Is it small; savepoint, the run's row, who and insert in a savepoint, progress, the fact, release. SQLite finds
    # the chunk's end first.
    with django_assert_num_queries(9 if connection.vendor == "postgresql" else 10):
        tell_audience(run, chunk=1000)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_workers_and_two_promotions_at_once_tell_everybody_once():
    ids = people(400)
    runs = [fan_out(), fan_out()]
    failures = []

    def work(run_id):
        try:
            tell_audience(FanOut.objects.get(pk=run_id), chunk=7)
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(run.pk,)) for run in runs for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    everybody = sorted(InboxItem.objects.values_list("customer", flat=True))
    assert everybody == ids
