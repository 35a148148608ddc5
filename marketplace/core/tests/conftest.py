"""Fixtures of the core's tests."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from marketplace.core.outbox import handlers
from marketplace.core.tests.events import Probed


@pytest.fixture
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers registered in the test are gone after it; nobody else's listens during it."""
    monkeypatch.setattr(handlers, "_BY_NAME", {})
    monkeypatch.setattr(handlers, "_BY_EVENT", {})


@pytest.fixture
def probes_heard(own_handlers: None) -> list[int]:
    """The numbers that the only handler of `Probed`, `marketplace.hear`, has heard so far."""
    numbers: list[int] = []

    @handlers.handles(Probed)
    def hear(event: Probed) -> None:
        numbers.append(event.number)

    return numbers


@pytest.fixture
def probe_api(settings: Any) -> None:
    """The routes of `probes` instead of the product's."""
    settings.ROOT_URLCONF = "marketplace.core.tests.probes"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "probe": "5/min"}


@pytest.fixture
def person(db: None) -> Any:
    """An account."""
    return get_user_model().objects.create_user("ana@example.com", "pass-word-1")
