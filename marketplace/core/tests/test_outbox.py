"""The outbox on one thread: what is published, to whom it is delivered, what happens when a handler fails."""

import logging
from datetime import timedelta

import pytest
from django.db import connection, transaction

from marketplace.core.audit import AuditEntry, record
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.context import current_request_id, request_id
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox import delivery as delivery_module
from marketplace.core.outbox.delivery import LEASE, deliver
from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.publishing import PublishedOutsideTransactionError, publish, published_together
from marketplace.core.outbox.relay import drain, outbox_lag, relay_new_events, send_due
from marketplace.core.tests.events import Probed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_handlers")]
PENDING, DONE, PARKED = EventDelivery.State.PENDING, EventDelivery.State.DONE, EventDelivery.State.PARKED


def published(*numbers):
    with transaction.atomic():
        publish(*(Probed(number=number) for number in numbers))


def make_due():
    EventDelivery.objects.filter(state=PENDING).update(due_at=db_now() - timedelta(seconds=1))


def listen(heard, *, name="hear_probed", **options):
    def hear(event):
        heard.append(event.number)

    hear.__name__ = name
    handles(Probed, **options)(hear)


def broken(*, name="fail_on_probed", text="not today", **options):
    def fail(event):
        AuditEntry.objects.create(action="core.probe", object_type="probe", object_id=str(event.number))
        raise ValueError(text)

    fail.__name__ = name
    handles(Probed, **options)(fail)


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused():
    with pytest.raises(PublishedOutsideTransactionError):
        publish(Probed(number=1))

    assert not OutboxEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_publishes_nothing():
    def change_and_fail():
        with transaction.atomic():
            publish(Probed(number=1))
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()

    assert not OutboxEvent.objects.exists()
    assert drain() == 0


def test_publishing_many_is_one_insert(django_assert_num_queries):
    with django_assert_num_queries(3):  # savepoint, insert, release
        published(*range(50))


def test_what_is_published_together_is_one_insert_in_order_and_nothing_when_it_fails(django_assert_num_queries):
    def three(*, fails):
        with transaction.atomic(), published_together():
            publish(Probed(number=1))
            with published_together():
                publish(Probed(number=2), Probed(number=3))
            assert not OutboxEvent.objects.exists()
            if fails:
                raise LookupError

    with pytest.raises(LookupError):
        three(fails=True)
    assert not OutboxEvent.objects.exists()
    with django_assert_num_queries(4):  # savepoint, the look above, insert, release
        three(fails=False)

    assert [event.payload["number"] for event in OutboxEvent.objects.order_by("pk")] == [1, 2, 3]


def test_every_handler_hears_an_event_once():
    first, second = [], []
    listen(first, name="first")
    listen(second, name="second", queue="notify")

    published(1, 2)

    assert drain() == 4
    assert drain() == 0
    assert sorted(first) == sorted(second) == [1, 2]
    assert set(EventDelivery.objects.values_list("state", "attempts")) == {(DONE, 1)}
    assert not OutboxEvent.objects.filter(relayed_at=None).exists()


def test_an_event_nobody_listens_to_is_relayed_all_the_same():
    published(1)

    assert drain() == 0
    assert not OutboxEvent.objects.filter(relayed_at=None).exists()


def test_a_delivery_is_due_by_the_databases_clock_whatever_the_application_servers_says(monkeypatch):
    heard = []
    listen(heard)
    hour_ahead = read_db_now() + timedelta(hours=1)
    monkeypatch.setattr("django.utils.timezone.now", lambda: hour_ahead)

    published(1)

    assert drain() == 1
    assert heard == [1]


def test_a_handler_works_under_the_id_of_the_request_that_caused_the_event():
    seen = []

    @handles(Probed)
    def look(event):
        seen.append(current_request_id())

    with request_id("req-12345678"):
        published(1)
    with request_id("somebody-else"):
        drain()
        assert current_request_id() == "somebody-else"

    assert seen == ["req-12345678"]
    assert current_request_id() == ""


def test_a_failing_handler_changes_nothing_and_waits_a_little(caplog):
    caplog.set_level(logging.CRITICAL)
    broken()
    published(1)

    assert drain() == 0

    row = EventDelivery.objects.get()
    assert (row.state, row.attempts, row.last_error) == (PENDING, 1, "ValueError: not today")
    assert timedelta(0) < row.due_at - read_db_now() <= timedelta(seconds=1)
    assert not AuditEntry.objects.exists()


def test_after_five_failures_it_is_parked_with_its_last_error(caplog):
    caplog.set_level(logging.CRITICAL)
    heard = []
    broken()
    listen(heard)
    published(1)

    for _ in range(8):
        drain()
        make_due()

    row = EventDelivery.objects.get(handler__endswith="fail_on_probed")
    assert (row.state, row.attempts, row.last_error) == (PARKED, 5, "ValueError: not today")
    assert heard == [1]


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_the_pause_grows_with_full_jitter(attempt, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    asked = []

    def longest(low, high):
        asked.append((low, high))
        return high

    monkeypatch.setattr("marketplace.core.outbox.delivery.random.uniform", longest)
    broken()
    published(1)
    relay_new_events()
    EventDelivery.objects.update(attempts=attempt - 1)

    deliver(EventDelivery.objects.get().pk)

    assert asked == [(0.1, 2 ** (attempt - 1))]


def test_an_error_text_with_a_nul_is_kept_without_it(caplog):
    caplog.set_level(logging.CRITICAL)
    broken(text="a\x00b")
    published(1)

    drain()

    assert EventDelivery.objects.get().last_error == "ValueError: ab"


def test_a_handler_that_left_the_code_is_parked_not_lost(caplog):
    caplog.set_level(logging.CRITICAL)
    listen([])
    published(1)
    relay_new_events()
    EventDelivery.objects.update(handler="marketplace.gone")

    for _ in range(6):
        drain()
        make_due()

    assert EventDelivery.objects.get().state == PARKED


def test_an_attempt_is_committed_before_the_handler_runs():
    """A worker that dies in the handler leaves its attempt behind."""
    listen([])

    @handles(Probed, atomic=False)
    def die(event):
        raise SystemExit

    published(1)
    relay_new_events()
    row = EventDelivery.objects.get(handler__endswith="die")

    for attempt in range(1, 6):
        with pytest.raises(SystemExit):
            deliver(row.pk)
        row.refresh_from_db()
        assert (row.state, row.attempts) == (PENDING, attempt)

    assert deliver(row.pk) is False
    make_due()
    send_due(lambda *_: None)
    row.refresh_from_db()
    assert (row.state, row.last_error) == (PARKED, "the worker died on every attempt")


def test_a_lost_message_is_sent_again_after_the_lease_and_then_twice_as_late():
    sent = []
    listen([])
    published(1)
    relay_new_events()
    pauses = []

    for _ in range(4):
        send_due(lambda pk, queue: sent.append(queue))
        send_due(lambda pk, queue: sent.append("too early"))
        pauses.append(round((EventDelivery.objects.get().due_at - read_db_now()) / LEASE))
        make_due()

    assert sent == ["events"] * 4
    assert pauses == [1, 2, 4, 8]


def test_a_message_that_comes_twice_is_handled_once():
    heard = []
    listen(heard)
    published(1)
    relay_new_events()
    pk = EventDelivery.objects.get().pk

    assert [deliver(pk) for _ in range(3)] == [True, False, False]
    assert heard == [1]


def test_with_the_broker_out_nothing_is_lost_and_it_is_due_again_in_a_second():
    heard = []
    listen(heard)
    published(1, 2, 3)
    relay_new_events()
    left = []

    def dies_after_one(pk, queue):
        if left:
            raise ConnectionError
        left.append(pk)

    with pytest.raises(ConnectionError):
        send_due(dies_after_one)

    waiting = EventDelivery.objects.exclude(pk__in=left)
    assert waiting.count() == 2
    assert all(timedelta(0) < row.due_at - read_db_now() <= timedelta(seconds=1) for row in waiting)
    make_due()
    assert drain() == 3
    assert sorted(heard) == [1, 2, 3]


def test_a_long_handler_gets_no_transaction_and_a_lease_longer_than_any_task():
    seen = []

    @handles(Probed, atomic=False)
    def work_in_chunks(event):
        seen.append(len(connection.savepoint_ids))
        row = EventDelivery.objects.get()
        seen.append(row.due_at - read_db_now() > timedelta(seconds=60))

    published(1)
    depth = len(connection.savepoint_ids)

    assert drain() == 1
    assert seen == [depth, True]
    assert EventDelivery.objects.get().state == DONE


def test_a_long_handler_that_ends_after_it_was_parked_counts_as_done():
    @handles(Probed, atomic=False)
    def slow(event):
        EventDelivery.objects.update(state=PARKED)

    published(1)

    assert drain() == 1
    assert EventDelivery.objects.get().state == DONE


def test_a_handler_may_publish_in_its_turn():
    heard = []

    @handles(Probed)
    def answer(event):
        if event.number < 3:
            publish(Probed(number=event.number + 1))
        heard.append(event.number)

    published(1)

    assert drain() == 3
    assert heard == [1, 2, 3]


def test_two_handlers_cannot_have_one_name():
    listen([], name="same")

    with pytest.raises(TypeError):
        listen([], name="same")


def test_looking_for_nothing_takes_no_lock(django_assert_num_queries):
    with django_assert_num_queries(2) as queries:
        assert relay_new_events() + send_due(lambda *_: None) == 0

    assert not any("FOR UPDATE" in query["sql"] or "SAVEPOINT" in query["sql"] for query in queries)


def test_relaying_costs_the_same_for_one_event_as_for_many(django_assert_max_num_queries):
    listen([])
    published(*range(200))

    with django_assert_max_num_queries(8):
        assert relay_new_events(limit=200) == 200
    with django_assert_max_num_queries(8):
        assert send_due(lambda *_: None, limit=200) == 200


def test_lag_is_the_age_of_the_oldest_event_not_relayed():
    assert outbox_lag() == timedelta(0)
    published(1)
    OutboxEvent.objects.update(created_at=db_now() - timedelta(seconds=40))

    assert timedelta(seconds=40) <= outbox_lag() < timedelta(seconds=45)

    relay_new_events()
    assert outbox_lag() == timedelta(0)


def test_drain_stops_at_its_limit(monkeypatch):
    @handles(Probed)
    def forever(event):
        publish(Probed(number=1))

    published(1)

    assert drain(limit=20) == 20


def test_a_handlers_effect_and_its_mark_are_one_transaction(monkeypatch, caplog, person):
    caplog.set_level(logging.CRITICAL)

    @handles(Probed)
    def note(event):
        record(actor_id=None, action="core.probe", subject=person)

    published(1)
    with monkeypatch.context() as patch:
        patch.setattr(delivery_module, "_done", lambda delivery: 1 / 0)
        drain()
    assert not AuditEntry.objects.exists()

    make_due()
    drain()
    assert AuditEntry.objects.count() == 1
