"""The codec of events: what goes in comes out; what cannot travel is refused."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.events import Event, event_class, json_ready, known_events
from marketplace.core.money import CURRENCIES, Money

pytestmark = pytest.mark.once


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Event):
    """One field of each kind that may travel."""

    wire_name: ClassVar[str] = "probe.everything"

    text: str
    number: int
    flag: bool
    key: UUID
    at: datetime
    day: date
    price: Money
    keys: tuple[UUID, ...]
    moments: tuple[datetime, ...]
    maybe_key: UUID | None = None
    maybe_price: Money | None = None


moments = st.datetimes(timezones=st.just(UTC))
money = st.builds(Money, st.integers(-(10**14), 10**14), st.sampled_from(sorted(CURRENCIES)))
everything = st.builds(
    Everything,
    text=st.text(),
    number=st.integers(),
    flag=st.booleans(),
    key=st.uuids(),
    at=moments,
    day=st.dates(),
    price=money,
    keys=st.lists(st.uuids()).map(tuple),
    moments=st.lists(moments, max_size=3).map(tuple),
    maybe_key=st.none() | st.uuids(),
    maybe_price=st.none() | money,
)


@given(everything)
def test_an_event_survives_the_wire(event):
    wire = json.dumps(event.payload())

    assert event_class("probe.everything").from_payload(json.loads(wire)) == event


def test_members_a_consumer_does_not_know_are_passed_over():
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Small(Event):
        wire_name: ClassVar[str] = "probe.small"
        number: int

    assert Small.from_payload({"number": 1, "added_later": True}) == Small(number=1)


def test_the_registered_class_is_the_one_with_slots():
    assert event_class("probe.everything") is Everything
    assert known_events()["probe.everything"] is Everything


@pytest.mark.parametrize("value", [1.5, {"a": 1}, [1], b"x", object(), datetime(2026, 1, 1)])  # noqa: DTZ001
def test_what_has_no_one_meaning_cannot_travel(value):
    with pytest.raises(TypeError):
        json_ready(value)


@pytest.mark.parametrize("name", ["", "nodot", "Has.Capitals", "two.dots.here", "spaces. here"])
def test_a_wire_name_is_context_dot_fact(name):
    with pytest.raises(TypeError):
        type("Odd", (Event,), {"wire_name": name})


def test_a_wire_name_belongs_to_one_event():
    with pytest.raises(TypeError):
        type("Thief", (Event,), {"wire_name": "probe.everything"})
    assert event_class("probe.everything") is Everything


def test_a_subclass_needs_a_name_of_its_own():
    with pytest.raises(TypeError):
        type("Child", (Everything,), {})
