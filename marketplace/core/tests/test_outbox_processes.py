"""The outbox between threads, processes and servers: relays, workers and connections that die."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery import Celery
from django.db import OperationalError, connection, transaction

from marketplace.core import moments
from marketplace.core.audit import AuditEntry
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.models import EventDelivery, OutboxEvent
from marketplace.core.outbox import delivery as delivery_module
from marketplace.core.outbox import relay as relay_module
from marketplace.core.outbox import tasks
from marketplace.core.outbox.delivery import deliver
from marketplace.core.outbox.handlers import handles
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import Relay, drain, relay_new_events, send_due
from marketplace.core.tests.events import Probed
from marketplace.settings.celery import IMPATIENT
from marketplace.settings.env import BASE_DIR

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_handlers")]


@contextmanager
def running(relay):
    """The relay's loop in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=relay.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(10)
        assert not thread.is_alive()


def wait_for(condition, seconds=10.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def published(*numbers):
    with transaction.atomic():
        publish(*(Probed(number=number) for number in numbers))


def run_and_close(pk):
    deliver(pk)
    connection.close()


def note(event):
    AuditEntry.objects.create(action="core.probe", object_type="probe", object_id=str(event.number))


@pytest.mark.postgres
def test_many_relays_and_workers_handle_each_event_exactly_once(together):
    handles(Probed)(note)
    published(*range(300))

    ran = together(lambda _: drain(), 8)

    assert sum(ran) == 300
    assert sorted(int(key) for key in AuditEntry.objects.values_list("object_id", flat=True)) == list(range(300))
    assert set(EventDelivery.objects.values_list("state", "attempts")) == {("done", 1)}


@pytest.mark.postgres
def test_one_message_given_to_many_workers_is_handled_once(together):
    handles(Probed)(note)
    published(1)
    relay_new_events()
    pk = EventDelivery.objects.get().pk

    ran = together(lambda _: deliver(pk), 8)

    assert sum(ran) == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.postgres
def test_the_race_tests_would_see_a_missing_guard(together, monkeypatch):
    """The same race without the lock on the delivery's row runs the handler more than once."""
    monkeypatch.setattr(delivery_module, "_locked", lambda rows: rows.first())

    def slow_note(event):
        time.sleep(0.2)
        note(event)

    handles(Probed)(slow_note)
    published(1)
    relay_new_events()
    pk = EventDelivery.objects.get().pk

    together(lambda _: deliver(pk), 4)

    assert AuditEntry.objects.count() > 1


@pytest.mark.postgres
def test_a_second_message_does_not_wait_long_for_a_handler_that_runs():
    entered, leave = threading.Event(), threading.Event()

    @handles(Probed)
    def slow(event):
        entered.set()
        leave.wait(10)

    published(1)
    relay_new_events()
    pk = EventDelivery.objects.get().pk
    worker = threading.Thread(target=run_and_close, args=(pk,))
    worker.start()
    entered.wait(5)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 100")

    assert deliver(pk) is False
    assert send_due(lambda *_: None) == 0

    leave.set()
    worker.join(10)
    row = EventDelivery.objects.get()
    assert (row.state, row.attempts) == ("done", 1)
    connection.close()


def test_a_process_killed_right_after_commit_leaves_everything_to_be_delivered():
    """The gap between commit and publish, the classic hole: here nothing is published but by the commit itself."""
    handles(Probed)(note)
    name = str(connection.settings_dict["NAME"])
    script = textwrap.dedent("""
        import os, signal
        import django
        django.setup()
        from django.db import connection, transaction
        connection.settings_dict["NAME"] = os.environ["TEST_DATABASE_NAME"]
        from marketplace.core.outbox.publishing import publish
        from marketplace.core.tests.events import Probed
        for batch in range(10):
            with transaction.atomic():
                publish(*(Probed(number=batch * 100 + i) for i in range(100)))
                if batch == 9:
                    transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
    """)

    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=BASE_DIR,
        env={**os.environ, "TEST_DATABASE_NAME": name},
        check=False,
        timeout=60,
    )

    assert ended.returncode == -signal.SIGKILL
    assert OutboxEvent.objects.filter(relayed_at=None).count() == 1_000
    assert drain() == 1_000
    assert AuditEntry.objects.values("object_id").distinct().count() == 1_000


def test_the_relay_is_woken_and_need_not_poll(monkeypatch):
    """Also when nothing happened for a while, and for the event just behind another."""
    monkeypatch.setattr(relay_module, "POLL_SECONDS", 3600)
    heard = []
    handles(Probed)(lambda event: heard.append(event.number))
    stop = threading.Event()
    thread = threading.Thread(target=Relay(lambda pk, queue: deliver(pk)).run, args=(stop,))
    thread.start()

    for number in range(6):
        time.sleep(0.3 if number % 2 else 0.005)
        published(number)
        wait_for(lambda: number in heard)  # noqa: B023
    stop.set()
    published(6)  # the last wake-up: it looks at the event
    thread.join(10)

    assert not thread.is_alive()
    assert heard[:6] == list(range(6))


@pytest.mark.postgres
def test_the_relay_survives_the_loss_of_its_connection(caplog):
    caplog.set_level(logging.CRITICAL)
    heard = []
    handles(Probed)(lambda event: heard.append(event.number))

    with running(Relay(lambda pk, queue: deliver(pk))) as thread:
        published(1)
        wait_for(lambda: heard == [1])
        for number in (2, 3):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            published(number)
            wait_for(lambda: number in heard)  # noqa: B023
        assert thread.is_alive()

    assert heard == [1, 2, 3]


def test_the_relay_survives_whatever_a_pass_raises(caplog, monkeypatch):
    caplog.set_level(logging.CRITICAL)
    heard = []
    handles(Probed)(lambda event: heard.append(event.number))
    relay = Relay(lambda pk, queue: deliver(pk))
    troubles = [OperationalError("gone"), ConnectionError("gone"), ZeroDivisionError(), MemoryError()]
    pass_once = relay.pass_once
    monkeypatch.setattr(relay, "pass_once", lambda: pass_once() if not troubles else raise_(troubles.pop()))

    with running(relay):
        published(1)
        wait_for(lambda: heard == [1])


def raise_(error):
    raise error


def test_moments_are_asked_each_second_and_one_that_fails_keeps_nobody_waiting(monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    asked = []
    monkeypatch.setattr(moments, "_MOMENTS", {})
    moments.register("fails", lambda: 1 / 0)
    moments.register("works", lambda: asked.append(1))
    clock = [0.0]
    monkeypatch.setattr(relay_module, "monotonic", lambda: clock[0])
    relay = Relay(lambda pk, queue: None)

    for seconds in (0.0, 0.5, 0.99, 1.0, 1.5, 2.1):
        clock[0] = seconds
        relay.pass_once()

    assert len(asked) == 3


def test_a_moment_that_finds_the_database_lost_says_so(monkeypatch):
    monkeypatch.setattr(moments, "_MOMENTS", {"lost": lambda: raise_(OperationalError("server closed the connection"))})

    with pytest.raises(OperationalError):
        moments.run_due_moments()


def test_a_dead_broker_is_a_connection_error_soon_and_the_delivery_is_due_again(monkeypatch):
    handles(Probed)(note)
    published(1)
    relay_new_events()
    nobody_there = Celery("nobody", broker="redis://127.0.0.1:1/0", set_as_current=False)
    nobody_there.conf.broker_transport_options = IMPATIENT
    monkeypatch.setattr(tasks, "deliver", nobody_there.task(name="core.deliver")(note))
    with pytest.raises(ConnectionError):
        send_due(tasks.send_to_celery)

    row = EventDelivery.objects.get()
    assert row.state == "pending"
    assert row.due_at - read_db_now() <= timedelta(seconds=1)
    EventDelivery.objects.update(due_at=db_now())
    assert drain() == 1
