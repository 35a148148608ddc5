"""Fixtures for the whole suite: real database, counters forgotten, a flush that takes milliseconds, logs read."""

import gc
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from pytest_django.plugin import DjangoDbBlocker
from rest_framework.test import APIClient

from marketplace.core.http.throttling import memory_counter
from marketplace.core.sockets.work import database, lookout
from marketplace.core.tests import log_scan
from marketplace.core.tests.cached import forget_cached
from marketplace.core.tests.flush import flush
from marketplace.core.tests.migrated import clone_to, copy_to, drop
from promotions.experiments.running import forget_running

Run = Callable[[Callable[[int], Any], int], list[Any]]

# How long a draw takes says how busy the machine is.
hypothesis.settings.register_profile("suite", suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs PostgreSQL is skipped elsewhere, and says so."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return
    for item in items:
        if item.get_closest_marker("postgres"):
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL"))


def pytest_collection_finish() -> None:
    """All that is loaded by now stays: no search for garbage goes through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest, django_db_modify_db_settings: None) -> Iterator[bool]:
    """The suite begins with a copy of a migrated database, unless pytest is told where it comes from."""
    database = settings.DATABASES["default"]
    is_told: bool = request.config.getoption("reuse_db") or request.config.getoption("create_db")
    if is_told:
        yield request.config.getoption("reuse_db")
    elif database["ENGINE"].endswith("sqlite3"):
        copy_to(Path(database["TEST"]["NAME"]))
        yield True
    else:
        blocker: DjangoDbBlocker = request.getfixturevalue("django_db_blocker")
        with blocker.unblock():
            clone_to(database["TEST"]["NAME"])
            yield True
            connections.close_all()
            drop(database["TEST"]["NAME"])


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    """No test inherits another's rate limits, cached answers or running experiments."""
    memory_counter.clear()
    forget_running()
    forget_cached()


@pytest.fixture(autouse=True, scope="session")
def _logs_are_read() -> Iterator[None]:
    """Every log record of the session is looked through (marketplace/core/tests/log_scan.py)."""
    with log_scan.watching():
        yield
    log_scan.complain(log_scan.scanner.take())


@pytest.fixture(autouse=True)
def _nothing_personal_in_logs() -> Iterator[None]:
    """A test whose log records hold an address, a token or a secret fails."""
    yield
    log_scan.complain(log_scan.scanner.take())


@pytest.fixture
def api() -> APIClient:
    """An anonymous client of the API; `api.force_authenticate(user)` signs in."""
    return APIClient()


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
def socket_threads(transactional_db: None) -> Iterator[None]:
    """For tests that serve sockets: the database threads begin fresh, and their connections end with the test."""
    yield
    database.close()
    lookout.close()


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around the module: what its module-wide fixtures write is there for each of its tests.

    Each test's own writes are undone after it, as ever; everything is, after the last. Not for transactional tests.
    """
    around = transaction.atomic()
    # As Django's own: transactions inside are whole ones, to durability and to the order of locks.
    around._from_testcase = True  # type: ignore[attr-defined]
    with django_db_blocker.unblock(), around:
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True, scope="session")
def _flush_what_holds_rows() -> Iterator[None]:
    """After a transactional test: ours instead of Django's, which takes most of a second."""
    case_class: Any = TransactionTestCase
    django_flush = case_class._fixture_teardown

    def teardown(case: Any) -> None:
        for using in case._databases_names(include_mirrors=False):
            flush(using)

    case_class._fixture_teardown = teardown
    yield
    case_class._fixture_teardown = django_flush
