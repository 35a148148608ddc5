"""The background threads: started, kept alive, stopped."""

import threading
import time

import pytest
from celery import shared_task

from marketplace.embedded import background
from marketplace.embedded.background import Background, run_worker

ran = threading.Event()


@shared_task(name="tests.embedded_ran")
def embedded_ran() -> None:
    """Leave a trace."""
    ran.set()


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
