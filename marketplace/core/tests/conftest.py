"""Fixtures of the core's tests."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections

from marketplace.core.outbox import handlers

Run = Callable[[Callable[[int], Any], int], list[Any]]


@pytest.fixture
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers registered in the test are gone after it; nobody else's listens during it."""
    monkeypatch.setattr(handlers, "_BY_NAME", {})
    monkeypatch.setattr(handlers, "_BY_EVENT", {})


@pytest.fixture
def together() -> Run:
    """Call a function in so many threads that start as one; their answers or exceptions, in no order."""

    def run(work: Callable[[int], Any], count: int) -> list[Any]:
        barrier = threading.Barrier(count, timeout=30)
        answers: list[Any] = []

        def one(number: int) -> None:
            try:
                connection.ensure_connection()
                barrier.wait()
                answers.append(work(number))
            except Exception as error:
                answers.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        return answers

    return run


@pytest.fixture
def probe_api(settings: Any) -> None:
    """The routes of `probes` instead of the product's."""
    settings.ROOT_URLCONF = "marketplace.core.tests.probes"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "probe": "5/min"}


@pytest.fixture
def person(db: None) -> Any:
    """An account."""
    return get_user_model().objects.create_user("ana@example.com", "pass-word-1")
