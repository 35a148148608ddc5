"""Fixtures for the whole suite: real database, atomic counters forgotten, triggers lifted only for the flush."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from marketplace.core import append_only
from marketplace.core.http.throttling import memory_counter


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    """No test inherits another's rate limits or cached answers."""
    memory_counter.clear()
    cache.clear()


@pytest.fixture
def api() -> APIClient:
    """An anonymous client of the API; `api.force_authenticate(user)` signs in."""
    return APIClient()


@pytest.fixture(autouse=True, scope="session")
def _flush_lifts_triggers() -> Iterator[None]:
    """Append-only tables refuse the flush after a transactional test; only there the triggers are lifted."""
    case_class: Any = TransactionTestCase
    flush = case_class._fixture_teardown

    def lifted_flush(case: TransactionTestCase) -> None:
        with append_only.lifted():
            flush(case)

    case_class._fixture_teardown = lifted_flush
    yield
    case_class._fixture_teardown = flush
