"""The background threads: started, kept alive, stopped."""

import gc
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import shared_task
from django.db import connection

from marketplace.embedded import background
from marketplace.embedded.background import Background, run_worker

ran = threading.Event()
connections: queue.Queue[Any] = queue.Queue()


@shared_task(name="tests.embedded_ran")
def embedded_ran() -> None:
    """Leave a trace."""
    ran.set()


@shared_task(name="tests.embedded_asked")
def embedded_asked() -> None:
    """Ask the database, and show by which connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connections.put(connection.connection)


def test_a_part_that_fails_is_started_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(background, "RESTART_AFTER", 0.01)
    recovered = threading.Event()
    starts: list[float] = []

    def part(stop: threading.Event) -> None:
        starts.append(time.monotonic())
        if len(starts) == 1:
            raise OSError("database away")
        recovered.set()
        stop.wait()

    parts = Background({"relay": part})
    parts.start()

    assert recovered.wait(2)
    parts.request_stop()
    assert parts.join(2) == []
    assert "relay failed" in caplog.text


def test_parts_that_do_not_end_are_named() -> None:
    release = threading.Event()

    def obedient(stop: threading.Event) -> None:
        stop.wait()

    def stubborn(_stop: threading.Event) -> None:
        release.wait()

    parts = Background({"beat": obedient, "worker": stubborn})
    parts.start()

    parts.request_stop()

    assert parts.join(0.2) == ["worker"]
    release.set()


def test_stopping_before_the_start_is_harmless() -> None:
    parts = Background({"relay": lambda stop: None})

    parts.request_stop()

    assert parts.join(0.1) == []


@pytest.mark.django_db(transaction=True)
def test_worker_runs_tasks_and_stops_when_asked() -> None:
    parts = Background({"worker": run_worker})
    parts.start()
    embedded_ran.apply_async(queue="events")
    assert ran.wait(5)

    parts.request_stop()

    assert parts.join(10) == []


@pytest.fixture
def asked(settings: Any, transactional_db: None) -> Iterator[Callable[[], Any]]:
    """Have a worker of one thread ask the database; its connection."""
    settings.TASK_THREADS = 1
    parts = Background({"worker": run_worker})
    parts.start()

    def ask() -> Any:
        embedded_asked.apply_async(queue="events")
        return connections.get(timeout=5)

    yield ask
    parts.request_stop()
    assert parts.join(10) == []
    gc.collect()  # what a thread that has ended was connected by: nobody could drop this database


def test_one_task_after_another_uses_the_same_connection(asked: Callable[[], Any]) -> None:
    assert asked() is asked() is asked()


@pytest.mark.postgres
def test_a_connection_that_went_bad_meanwhile_is_found_before_it_is_used(asked: Callable[[], Any]) -> None:
    first = asked()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [first.get_backend_pid()])

    assert asked() is not first
