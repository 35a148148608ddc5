"""A bus that is on, and a transport that remembers."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from marketplace.core.bus.envelope import Envelope
from marketplace.core.bus.pump import Pump
from marketplace.core.outbox.publishing import publish
from marketplace.core.tests.bus.events import Moved


class Remembering:
    """Takes everything, except where `refuse` raises."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.refuse: Callable[[Envelope], object] = lambda _envelope: None

    def send(self, envelope: Envelope) -> None:
        """Keep it."""
        self.refuse(envelope)
        self.taken.append(envelope)

    def close(self) -> None:
        """Nothing to close."""

    @property
    def story(self) -> list[str]:
        """`key number` of each message, in the order they were taken."""
        return [f"{envelope.partition_key} {number_in(envelope)}" for envelope in self.taken]


def number_in(envelope: Envelope) -> int:
    """The number of a `Moved` inside."""
    return int(envelope.body.split(b'"number":')[1].split(b"}", 1)[0].split(b",", 1)[0])


def move(*steps: str) -> None:
    """Publish `Moved` for each `thing number`, in one transaction."""
    with transaction.atomic():
        publish(*(Moved(thing_id=step.split()[0], number=int(step.split()[1])) for step in steps))


@pytest.fixture
def bus_on(settings: Any) -> Any:
    """Events leave for a receiver that nobody connects to unless the test does."""
    settings.EVENT_BUS_URL = "https://receiver.example/events"
    settings.EVENT_BUS_SECRET = "a-secret-of-tests-0123456789-0123456789"
    return settings


@pytest.fixture
def other_side() -> Remembering:
    """Where the pump of the test sends to."""
    return Remembering()


@pytest.fixture
def pump(other_side: Remembering) -> Pump:
    """One pump."""
    return Pump(other_side)
