"""Every event there is leaves as a valid CloudEvent and can be read back; docs/event-bus.md says what leaves."""

import json
import re
import types
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from django.db import transaction
from jsonschema import Draft202012Validator, ValidationError

from marketplace.core.bus.envelope import envelope, read_event
from marketplace.core.bus.models import BusMessage
from marketplace.core.context import request_id, trace_parent
from marketplace.core.events import Event, known_events
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from marketplace.settings.env import BASE_DIR

PAGE = (BASE_DIR / "docs" / "event-bus.md").read_text(encoding="utf-8")
EXAMPLE, SCHEMA = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENTS = {name: kind for name, kind in known_events().items() if ".tests." not in kind.__module__}
VALUES: dict[Any, Any] = {
    UUID: UUID("0199d3a4-1111-7a2b-8c00-2f6b1c0a115d"),
    datetime: datetime(2026, 11, 30, 12, tzinfo=UTC),
    date: date(2026, 11, 30),
    Money: Money(-123450, "MXN"),
    bool: True,
    int: 12345678901,
    str: 'Ñandú "uno"\n𝄞',
}


def value_for(hint: Any, *, full: bool) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        return value_for(get_args(hint)[0], full=full) if full else None
    if get_origin(hint) is tuple:
        return (value_for(get_args(hint)[0], full=full),) * 2 if full else ()
    return VALUES[hint]


def sample(kind: type[Event], *, full: bool) -> Event:
    hints = get_type_hints(kind)
    return kind(**{field.name: value_for(hints[field.name], full=full) for field in fields(kind)})


def row_of(name: str, kind: type[Event]) -> str:
    about = f"`{kind.subject_name()}`" if kind.subject_name() else "–"
    return f"| `{name}` | {about} | {', '.join(f'`{field.name}`' for field in fields(kind))} |"


@pytest.mark.django_db
@pytest.mark.usefixtures("bus_on")
@pytest.mark.parametrize("full", [True, False])
def test_every_event_leaves_as_a_valid_cloudevent_and_comes_back(full):
    said = {name: sample(kind, full=full) for name, kind in sorted(EVENTS.items())}
    with transaction.atomic(), request_id("req-12345678" if full else ""), trace_parent(PARENT if full else ""):
        publish(*said.values())

    messages = [envelope(message) for message in BusMessage.objects.select_related("event").order_by("event")]

    assert [message.type for message in messages] == list(said)
    for message in messages:
        attributes = json.loads(message.body)
        Draft202012Validator(SCHEMA).validate(attributes)
        assert (attributes["id"], attributes["type"]) == (message.id, message.type)
        assert attributes["partitionkey"] == attributes["subject"] == message.partition_key
        assert attributes.get("requestid") == ("req-12345678" if full else None)
        assert attributes.get("traceparent") == (PARENT if full else None)
        assert read_event(message.body) == said[message.type]


@pytest.mark.django_db
@pytest.mark.usefixtures("bus_on")
def test_the_same_message_is_the_same_bytes_each_time():
    with transaction.atomic():
        publish(sample(EVENTS["purchases.order_paid"], full=True))

    first, second = (envelope(BusMessage.objects.select_related("event").get()).body for _ in range(2))

    assert first == second
    assert json.loads(first)["time"].endswith("Z")


def test_the_example_keeps_to_the_schema_and_is_an_event():
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(EXAMPLE)

    event = read_event(json.dumps(EXAMPLE).encode())

    assert event.subject() == EXAMPLE["partitionkey"]
    assert event.payload() == EXAMPLE["data"]


@pytest.mark.parametrize(
    "change", [{"specversion": "0.3"}, {"id": ""}, {"time": "2026-11-30 12:00"}, {"data": []}, {"requestId": "x"}]
)
def test_the_schema_refuses_what_is_no_envelope(change):
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(EXAMPLE | change)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_what_an_event_is_about_is_one_of_its_ids(name):
    subject = EVENTS[name].subject_name()

    assert subject == "" or (subject.endswith("_id") and subject in {field.name for field in fields(EVENTS[name])})


def test_the_story_of_an_order_is_told_in_order():
    about = {name: kind.subject_name() for name, kind in EVENTS.items()}
    told = ("purchases.order_", "purchases.shipment_", "purchases.return_", "funds.order_")

    assert {about[name] for name in about if name.startswith(told)} == {"order_id"}


def test_the_page_lists_every_event():
    """On failure the rows below are what the page's last table has to be."""
    rows = "\n".join(row_of(name, kind) for name, kind in sorted(EVENTS.items()))

    assert PAGE.split("|---|---|---|\n")[-1].rstrip("\n") == rows
