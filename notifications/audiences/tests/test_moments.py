"""What a chunk finds at its moment: opt-outs, moves, stops; and how far one chunk may look."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.core.clock import platform_day
from marketplace.core.ids import NIL, uuid7
from marketplace.core.models import OutboxEvent
from notifications.audiences import statement
from notifications.audiences.models import FanOut
from notifications.audiences.reach import LAST_KEY, reached_between
from notifications.audiences.services import begin_fan_out, stop_fan_outs
from notifications.audiences.statement import tell_audience
from notifications.events import InboxFilled
from notifications.inbox.models import InboxItem
from notifications.inbox.tests.factories import MessageFactory
from notifications.preferences.models import Preference, QuietHours
from users.accounts.services.administration import archive_account, change_account
from users.accounts.tests.factories import AdministratorFactory
from users.contracts import Audience
from users.customers.models import CustomerPlace
from users.customers.services.profiles import change_profile
from users.customers.tests.factories import SegmentFactory, make_customer

from .test_statement import CENTRE, NOON, fan_out, nearby, people, told

pytestmark = pytest.mark.django_db
FAR_AWAY = 1.0
NOON_DAY = platform_day(NOON)


@pytest.fixture
def walked(monkeypatch):
    """As if every audience were large."""
    monkeypatch.setattr(statement, "SMALL", -1)


def ranges() -> list[tuple[int, int]]:
    """The key ranges of the facts, in the order they were published."""
    facts = OutboxEvent.objects.filter(wire_name=InboxFilled.wire_name).order_by("id")
    found: list[Any] = [InboxFilled.from_payload(payload) for payload in facts.values_list("payload", flat=True)]
    return [(fact.from_customer.int, fact.to_customer.int) for fact in found]


def after_chunk(monkeypatch, number: int, act: Callable[[], object]) -> None:
    """Do it once the transaction of that chunk has ended."""
    next_chunk, count = statement._Walk.next_chunk, iter(range(1, 1000))

    def counted(*args):
        done = next_chunk(*args)
        if next(count) == number:
            act()
        return done

    monkeypatch.setattr(statement._Walk, "next_chunk", counted)


def test_who_switched_the_kind_off_for_the_inbox_is_left_out():
    off, other_kind, other_channel, on, silent = people(5)
    Preference.objects.bulk_create(
        [
            Preference(customer=off, kind="flash_started", channel="inbox", is_on=False),
            Preference(customer=other_kind, kind="order_paid", channel="inbox", is_on=False),
            Preference(customer=other_channel, kind="flash_started", channel="push", is_on=False),
            Preference(customer=on, kind="flash_started", channel="inbox", is_on=True),
        ]
    )
    run = fan_out()

    assert tell_audience(run, chunk=2) == 4
    assert told(run) == sorted([other_kind, other_channel, on, silent])


def test_quiet_hours_do_not_delay_the_row():
    [customer] = people(1)
    QuietHours.objects.create(customer=customer, quiet_from="00:00", quiet_until="23:59")

    assert tell_audience(fan_out()) == 1


def test_accounts_that_are_blocked_or_archived_are_left_out():
    admin = AdministratorFactory.create()
    stays, blocked, archived = (make_customer(**CENTRE) for _ in range(3))
    change_account(actor=admin, account_id=blocked.pk, is_active=False)
    archive_account(actor=admin, account_id=archived.pk)
    run = fan_out()

    tell_audience(run)

    assert told(run) == [stays.pk]


@pytest.mark.parametrize("stretch", [1, 3, 4, 100])
def test_walk_over_a_region_without_anybody_ends_chunks_early_and_misses_nobody(walked, stretch):
    ids = people(5) + people(9, away=FAR_AWAY) + people(3)
    near = ids[:5] + ids[-3:]
    run = fan_out()

    assert tell_audience(run, chunk=2, stretch=stretch) == len(near)

    assert told(run) == near
    assert FanOut.objects.get(pk=run.pk).told_count == len(near)


def test_walk_and_small_audience_are_the_same_people(monkeypatch):
    gold, night = uuid7(), uuid7()
    people(6, segments=(NIL, gold, night))
    people(5, segments=(NIL, night), away=FAR_AWAY)
    people(4)
    small = begin_fan_out(
        message=MessageFactory(), audience=Audience(segment_ids=frozenset([gold, night])), at=timezone.now()
    )
    large = begin_fan_out(
        message=MessageFactory(), audience=Audience(segment_ids=frozenset([gold, night])), at=timezone.now()
    )

    tell_audience(small, chunk=4)
    monkeypatch.setattr(statement, "SMALL", -1)
    tell_audience(large, chunk=4, stretch=7)

    assert told(small) == told(large)
    assert len(told(small)) == 11


def test_facts_name_ranges_that_do_not_meet_and_hold_everybody():
    ids = people(7)

    tell_audience(fan_out(), chunk=3)

    found = ranges()
    assert len(found) == 3
    assert all(first <= last for first, last in found)
    assert all(before[1] + 1 == behind[0] for before, behind in pairwise(found))
    assert [sum(first <= key.int <= last for first, last in found) for key in ids] == [1] * 7


def test_stopped_between_two_chunks_tells_nobody_more(monkeypatch):
    ids = people(9)
    run = fan_out()
    after_chunk(monkeypatch, 2, lambda: stop_fan_outs(message_id=run.message_id, at=timezone.now()))

    assert tell_audience(run, chunk=2) == 4

    assert told(run) == ids[:4]
    assert tell_audience(run, chunk=2) == 0
    run.refresh_from_db()
    assert (run.finished_at, run.told_count) == (None, 4)
    assert run.stopped_at is not None


def test_the_moment_of_ones_chunk_decides(monkeypatch):
    """Of each pair one is told in the first chunk and keeps the row; the other changes before its own chunk."""
    gold = SegmentFactory.create()
    customers = [make_customer(**CENTRE, segments=[gold]) for _ in range(8)]
    customers.sort(key=lambda customer: customer.pk)
    early, late = customers[:4], customers[4:]
    run = fan_out(gold.pk)

    def everything_changes():
        for moves, leaves, opts_out, _stays in (early, late):
            change_profile(actor=moves, customer_id=moves.pk, latitude=40.0, longitude=0.0)
            change_profile(actor=AdministratorFactory.create(), customer_id=leaves.pk, segments=[])
            Preference.objects.create(customer=opts_out.pk, kind="flash_started", channel="inbox", is_on=False)

    after_chunk(monkeypatch, 1, everything_changes)
    tell_audience(run, chunk=4)

    assert told(run) == [customer.pk for customer in early] + [late[3].pk]


def test_who_comes_behind_the_walk_is_told_and_before_it_is_not(monkeypatch):
    first, *_others, last = people(6)
    run = fan_out()
    CustomerPlace.objects.filter(customer__in=[first, last]).delete()

    def come():
        for customer in (first, last):
            CustomerPlace.objects.create(segment=NIL, customer=customer, **CENTRE)

    after_chunk(monkeypatch, 1, come)
    tell_audience(run, chunk=2)

    assert last in told(run)
    assert first not in told(run)


def test_two_promotions_of_a_day_leave_the_row_of_the_first_as_it_is():
    people(3)
    tell_audience(fan_out())
    before = list(InboxItem.objects.order_by("id").values_list())

    second = fan_out()

    assert tell_audience(second, chunk=2) == 0
    assert list(InboxItem.objects.order_by("id").values_list()) == before
    assert FanOut.objects.get(pk=second.pk).finished_at is not None
    assert len(ranges()) == 1


def test_who_was_told_by_another_run_in_the_middle_of_a_chunk_is_passed_over():
    ids = people(7)
    InboxItem.objects.create(customer=ids[3], message=MessageFactory(), cap_day=NOON_DAY, created_at=NOON)
    run = fan_out()

    assert tell_audience(run, chunk=3) == 6

    assert told(run) == ids[:3] + ids[4:]
    assert FanOut.objects.get(pk=run.pk).told_count == 6


@pytest.mark.postgres
def test_who_opted_out_within_a_stretch_is_read_once_and_not_joined():
    """Whatever the statistics say: see `reached_between`."""
    people(30)
    stretch = reached_between("flash_started", nearby(), after=NIL, upper=LAST_KEY)

    assert "hashed SubPlan" in stretch.order_by("customer")[:10].explain()


@pytest.mark.parametrize("is_walked", [False, True])
def test_opt_outs_are_left_out_of_small_and_of_walked_audiences(monkeypatch, is_walked):
    monkeypatch.setattr(statement, "SMALL", -1 if is_walked else statement.SMALL)
    ids = people(11)
    Preference.objects.bulk_create(
        Preference(customer=customer, kind="flash_started", channel="inbox", is_on=False) for customer in ids[::2]
    )
    run = fan_out()

    assert tell_audience(run, chunk=2, stretch=4) == 5
    assert told(run) == ids[1::2]


@pytest.mark.postgres
def test_chunk_of_a_large_audience_looks_through_it_once(walked, django_assert_num_queries):
    people(30)
    run = fan_out()

    # Savepoint, the run's row, end of the stretch, who and insert in a savepoint, progress, the fact, release.
    with django_assert_num_queries(9) as queries:
        tell_audience(run, chunk=1000)

    assert connection.vendor == "postgresql"
    assert sum("latitude" in query["sql"] for query in queries.captured_queries) == 1
