"""Reading what clients send: strictly, whichever way."""

import json
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.utils.timezone import localtime
from hypothesis import given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from marketplace.core.errors import InvalidInputError
from marketplace.core.ids import uuid7
from promotions.engagement import wire

from .factories import NOON, wire_event

PRODUCT = "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"


def body(*events, **members):
    return json.dumps({"events": list(events), **members}, ensure_ascii=False).encode()


def view(**members):
    return wire_event(PRODUCT, at=NOON, **members)


def test_a_plain_batch_is_read_the_fast_way():
    events = [view(), view(session_id="abc", exposure_id=str(uuid7()), position=3, metadata={"a": {"b": ["ñ", 1]}})]

    raw = body(*events, sent_at=NOON.isoformat())

    assert wire._read_fast(raw) is not None
    read = wire.read_batch(raw)
    assert [(index, str(event.event_id)) for index, event in read.events] == [
        (index, event["event_id"]) for index, event in enumerate(events)
    ]
    assert (read.rejected, read.sent_at) == ([], NOON)


def strict(raw):
    """What the slow way reads, or the refusal's kind."""
    fast, wire._read_fast = wire._read_fast, lambda raw: None
    try:
        return wire.read_batch(raw)
    except (ParseError, InvalidInputError) as error:
        return type(error)
    finally:
        wire._read_fast = fast


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
events = st.builds(lambda extra: view(**extra), st.dictionaries(
    st.sampled_from(["session_id", "exposure_id", "position", "metadata", "type", "other"]),
    values | st.just({"a": 1, 'b":': "c\":"}) | st.just("click"), max_size=4))  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(events, max_size=3), st.data())
def test_the_fast_way_reads_what_the_strict_way_reads(said, data):
    raw = bytearray(
        json.dumps({"events": said}, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    )
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        piece = data.draw(st.sampled_from([b"", b'"', b'"type": "view", ', b"\\", b"\x00", b",", b":", b"}", b"1"]))
        raw[at : at + data.draw(st.integers(0, 1))] = piece

    fast = wire._read_fast(bytes(raw))

    if fast is not None:
        read = strict(bytes(raw))
        assert isinstance(read, wire.Read)
        assert read.rejected == []
        assert [msgspec.to_builtins(event) for _index, event in read.events] == msgspec.to_builtins(fast.events)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"events"',
        b'{"events": []}',
        b'{"events": {}}',
        b'{"events": [1], "events": [1]}',
        b'{"events": [{"a": NaN}]}',
        b'{"events": [{"a": 1e999}]}',
        b'{"events": [{"a": "\\ud800"}]}',
        b'{"events": [{"a": "\\u0000"}]}',
        b'{"events": [{"a": "\xff"}]}',
        b'{"events": [' + b"[" * 50 + b"]" * 50 + b"]}",
        b'{"events": [{"event_id": "x"}], "sent_at": "2026-01-31T10:00:00"}',
        b'{"events": [{"event_id": "x"}], "sent_at": 5}',
        b'{"events": [' + b", ".join([b"{}"] * 101) + b"]}",
    ],
)
def test_what_is_no_batch_is_refused(raw):
    with pytest.raises((ParseError, InvalidInputError)):
        wire.read_batch(raw)


def test_a_name_that_stands_twice_in_an_event_is_refused():
    raw = body(view(type="click")).replace(b'"type": "click"', b'"type": "view", "type": "click"')

    with pytest.raises(ParseError):
        wire.read_batch(raw)


@pytest.mark.parametrize(
    "change",
    [
        {"event_id": "no id"},
        {"event_id": None},
        {"type": "stare"},
        {"product_id": 5},
        {"occurred_at": "2026-03-10T18:20:00"},
        {"occurred_at": 1_700_000_000},
        {"position": -1},
        {"position": 40_000},
        {"position": "3"},
        {"position": True},
        {"session_id": "x" * 65},
        {"session_id": "a\nb"},
        {"session_id": 7},
        {"metadata": []},
        {"metadata": "text"},
        {"exposure_id": "x"},
    ],
    ids=str,
)
def test_a_bad_event_keeps_no_other_from_being_read(change):
    good, bad = view(), view(**change)

    read = wire.read_batch(body(good, bad))

    assert [(index, str(event.event_id)) for index, event in read.events] == [(0, good["event_id"])]
    assert read.rejected == [wire.Rejected(1, change.get("event_id", bad["event_id"]), "invalid")]


def test_members_that_nobody_knows_are_passed_over():
    read = wire.read_batch(body(view(other=1), more=2))

    assert len(read.events) == 1


def judged(sent_at=None, **members):
    ((_index, event),) = wire.read_batch(body(view(**members))).events
    return wire.judge(event, sent_at, NOON)


def test_the_clients_clock_is_corrected_by_when_it_sent():
    fast_clock = NOON + timedelta(days=400)

    moment, code = judged(fast_clock, occurred_at=(fast_clock - timedelta(minutes=5)).isoformat())

    assert (moment, code) == (NOON - timedelta(minutes=5), "")


@pytest.mark.parametrize(
    ("hours", "code"),
    [(-72.1, "too_old"), (-71.9, ""), (0.9, ""), (1.1, "in_the_future"), (-1e6, "too_old"), (1e6, "in_the_future")],
)
def test_times_have_a_window(hours, code):
    assert judged(occurred_at=(NOON + timedelta(hours=hours)).isoformat())[1] == code


def test_the_ends_of_the_calendar_break_nothing():
    first, last = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"

    assert judged(occurred_at=first)[1] == "too_old"
    assert judged(occurred_at=last)[1] == "in_the_future"
    moment, code = judged(datetime.fromisoformat(first), occurred_at=first)
    assert (moment, code) == (NOON, "")
    for moment in (first, last):
        localtime(wire.utc(datetime.fromisoformat(moment)), ZoneInfo("Pacific/Kiritimati"))
        localtime(wire.utc(datetime.fromisoformat(moment)), ZoneInfo("America/Mexico_City"))


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"event_id": str(uuid4())}, "invalid_event_id"),
        ({"type": "purchase"}, "not_from_clients"),
        ({"metadata": {"a": "x" * 2_100}}, "metadata_too_large"),
        ({"metadata": {"a": {"b": {"c": {"d": 1}}}}}, ""),
        ({"metadata": {"a": {"b": {"c": {"d": []}}}}}, "metadata_too_large"),
        ({"metadata": {}}, ""),
        ({"metadata": None, "position": None, "session_id": None, "exposure_id": None}, ""),
    ],
)
def test_what_an_event_may_be(members, code):
    assert judged(**members)[1] == code


def test_a_single_event_that_is_wrong_is_refused_with_its_field():
    with pytest.raises(InvalidInputError) as refusal:
        wire.read_event(json.dumps(view(position=-1)).encode())

    assert refusal.value.field_errors[0].field == "position"
