"""What becomes of a delivery whose worker died under it, and of that worker's place."""

import gc
import logging
from datetime import timedelta

import pytest
from celery.signals import worker_before_create_process
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from marketplace.celery import app, begin_to_work
from marketplace.core.clock import db_now, read_db_now
from marketplace.core.models import EventDelivery
from marketplace.core.outbox import tasks
from marketplace.core.outbox.publishing import publish
from marketplace.core.outbox.relay import relay_new_events, send_due
from marketplace.core.tests.events import Probed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_handlers")]
PENDING, DONE, PARKED = EventDelivery.State.PENDING, EventDelivery.State.DONE, EventDelivery.State.PARKED


@pytest.fixture
def heard(probes_heard):
    """A delivery that was sent once, and the numbers its handler has heard."""
    with transaction.atomic():
        publish(Probed(number=1))
    relay_new_events()
    send_due(lambda *_: None)
    return probes_heard


def give(*, came_back):
    """The message to a worker; `came_back`: another one had it, and is gone."""
    tasks.deliver.push_request(delivery_info={"redelivered": came_back})  # type: ignore[call-arg]
    try:
        tasks.deliver.run(EventDelivery.objects.get().pk)
    finally:
        tasks.deliver.pop_request()


def died_in_attempt(number):
    EventDelivery.objects.update(attempts=number, due_at=db_now() + timedelta(seconds=30))


def test_a_message_that_comes_for_the_first_time_is_run(heard):
    give(came_back=False)

    assert heard == [1]
    assert EventDelivery.objects.get().state == DONE


@pytest.mark.parametrize("attempt", [1, 2, 3, 4])
def test_what_killed_its_worker_waits_longer_each_time_and_no_lease_long(attempt, heard, monkeypatch, caplog):
    caplog.set_level(logging.CRITICAL)
    monkeypatch.setattr("marketplace.core.outbox.delivery.random.uniform", lambda _low, high: high)
    died_in_attempt(attempt)

    give(came_back=True)

    row = EventDelivery.objects.get()
    assert heard == []
    assert (row.state, row.attempts, row.sends, row.last_error) == (PENDING, attempt, 0, "the worker died")
    wait = row.due_at - read_db_now()
    assert timedelta(seconds=2 ** (attempt - 1) - 1) < wait <= timedelta(seconds=2 ** (attempt - 1))


def test_after_the_pause_it_is_tried_again(heard, caplog):
    caplog.set_level(logging.CRITICAL)
    died_in_attempt(1)
    give(came_back=True)
    EventDelivery.objects.update(due_at=db_now())

    assert send_due(lambda *_: give(came_back=False)) == 1

    row = EventDelivery.objects.get()
    assert heard == [1]
    assert (row.state, row.attempts, row.last_error) == (DONE, 2, "")


def test_what_killed_five_workers_is_parked_at_once(heard, caplog):
    caplog.set_level(logging.CRITICAL)
    died_in_attempt(5)

    give(came_back=True)

    row = EventDelivery.objects.get()
    assert heard == []
    assert (row.state, row.attempts, row.last_error) == (PARKED, 5, "the worker died on every attempt")


def test_what_had_not_begun_when_its_worker_went_is_run_at_once(heard):
    give(came_back=True)

    row = EventDelivery.objects.get()
    assert heard == [1]
    assert (row.state, row.attempts) == (DONE, 1)


@pytest.mark.parametrize("state", [DONE, PARKED])
def test_what_is_over_stays_so(state, heard):
    died_in_attempt(1)
    EventDelivery.objects.update(state=state)
    before = EventDelivery.objects.values().get()

    give(came_back=True)

    assert heard == []
    assert EventDelivery.objects.values().get() == before


@pytest.mark.once
def test_before_a_child_is_forked_what_is_loaded_is_kept_out_of_collections():
    """Celery collects garbage before each fork: a fifth of a second over all of the product, were it looked through."""
    kept = gc.get_freeze_count()
    try:
        worker_before_create_process.send(sender=app)

        assert gc.get_freeze_count() > kept + 10_000
        assert len(gc.get_objects()) < 10_000
    finally:
        gc.unfreeze()


@pytest.fixture
def child():
    """Begins to work as a fork of a worker does."""
    yield begin_to_work
    gc.unfreeze()


def test_a_child_has_asked_the_database_before_its_first_task(child):
    with CaptureQueriesContext(connection) as asked:
        child()

    assert len(asked) == 1


def test_a_child_begins_to_work_while_the_database_is_out(child, caplog):
    def out(*_args):
        raise OperationalError

    with connection.execute_wrapper(out), caplog.at_level(logging.WARNING):
        child()

    assert "the database does not answer yet: OperationalError" in caplog.text
