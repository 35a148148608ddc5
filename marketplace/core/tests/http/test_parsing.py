"""Strict JSON: whatever is ambiguous, oversized or not text is 4xx problem+json, never a 500 and never taken."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.exceptions import ParseError

from marketplace.core.http.parsing import MAX_DEPTH, loads

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("probe_api")]
URL = "/api/v1/echo/"

HOSTILE = {
    "a hundred thousand brackets": b"[" * 100_000,
    "balanced brackets": b"[" * 100_000 + b"]" * 100_000,
    "nested objects": b'{"a":' * 100_000,
    "one level too deep": b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
    "five thousand digits": b'{"number": ' + b"9" * 5_000 + b"}",
    "minus and five thousand digits": b'{"number": -' + b"9" * 5_000 + b"}",
    "a number beyond a float": b'{"ratio": 1e999}',
    "a very long fraction": b'{"ratio": 0.' + b"1" * 5_000 + b"}",
    "NaN": b'{"ratio": NaN}',
    "Infinity": b'{"ratio": Infinity}',
    "minus Infinity": b'{"ratio": -Infinity}',
    "NUL escaped": b'{"text": "a\\u0000b"}',
    "NUL raw": b'{"text": "a\x00b"}',
    "NUL in a name": b'{"a\\u0000": 1}',
    "lone surrogate": b'{"text": "\\ud800"}',
    "lone low surrogate": b'{"text": "x\\udfffx"}',
    "lone surrogate deep down": b'{"lines": [[{"x": ["\\uDABC"]}]]}',
    "duplicate names": b'{"text": "a", "text": "b"}',
    "duplicate names by escape": b'{"text": "a", "te\\u0078t": "b"}',
    "underscored number": b'{"number": 1_000}',
    "other digits bare": '{"number": ١٢}'.encode(),
    "leading zero": b'{"number": 012}',
    "hexadecimal": b'{"number": 0x10}',
    "plus": b'{"number": +1}',
    "byte order mark": b'\xef\xbb\xbf{"text": "a"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "broken UTF-8": b'{"text": "\xff"}',
    "overlong UTF-8": b'{"text": "\xc0\x80"}',
    "surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
    "trailing comma": b'{"text": "a",}',
    "two documents": b"{}{}",
    "nothing but blanks": b"   ",
    "single quotes": b"{'text': 'a'}",
    "comment": b'{"text": "a"} // hello',
    "unfinished": b'{"text": "a',
    "unfinished escapes": b'{"text": "' + b'\\"' * 50_000,
    "control character": b'{"text": "a\nb"}',
    "a list where an object belongs": b"[]",
    "a text where an object belongs": b'"text"',
    "a number where an object belongs": b"1",
    "null where an object belongs": b"null",
    # Well-formed JSON with the wrong kind of value:
    "digits as text": b'{"number": "12"}',
    "other digits as text": '{"number": "１２"}'.encode(),
    "a fraction for a whole number": b'{"number": 1.5}',
    "a truth value for a number": b'{"number": true}',
    "a number for a truth value": b'{"flag": 1}',
    "a text for a truth value": b'{"flag": "true"}',
    "a number for a text": b'{"text": 5}',
    "a list for a text": b'{"text": ["a"]}',
    "a number beyond the column": b'{"number": 2147483648}',
    "minus zero money": b'{"price": {"amount": "-0.00", "currency": "MXN"}}',
    "underscored money": b'{"price": {"amount": "1_000", "currency": "MXN"}}',
    "money in other digits": '{"price": {"amount": "１２", "currency": "MXN"}}'.encode(),
    "money as a number": b'{"price": {"amount": 12, "currency": "MXN"}}',
    "money as a text": b'{"price": "12"}',
    "money of no currency": b'{"price": {"amount": "12", "currency": "XXX"}}',
    "nothing as money": b'{"price": {"amount": "0.00", "currency": "MXN"}}',
    "a moment without offset": b'{"moment": "2026-01-31T10:00:00"}',
    "a moment beyond time": b'{"moment": "0001-01-01T00:00:00+14:00"}',
    "a moment after time": b'{"moment": "9999-12-31T23:59:59-14:00"}',
    "a moment in other digits": '{"moment": "２０２６-01-31T10:00:00Z"}'.encode(),
    "a moment as a number": b'{"moment": 1767225600}',
    "a week date": b'{"moment": "2026-W05-6T10:00:00Z"}',
    "the thirtieth of February": b'{"moment": "2026-02-30T10:00:00Z"}',
    "a day in other digits": '{"day": "２０２６-01-31"}'.encode(),
    "a key with braces": b'{"key": "{0190b2f0-c3d5-7c1c-8000-000000000000}"}',
    "a key with underscores": b'{"key": "0190b2f0-c3d5-7c1c-8000-0000000000_0"}',
    "a key as a number": b'{"key": 1}',
    "an address as a list": b'{"email": ["a@example.com"]}',
    "a list inside a number list": b'{"numbers": [1, [2]]}',
    "an object for a list": b'{"numbers": {"0": 1}}',
    "a text for a list": b'{"numbers": "12"}',
}


def send(api, body, content_type="application/json"):
    return api.generic("POST", URL, body, content_type=content_type)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bodies_are_400_and_a_problem(api, name):
    response = send(api, HOSTILE[name])

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert {"type", "title", "status", "code", "detail", "errors", "request_id"} <= set(problem)
    assert problem["detail"]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application/xml",
        "nonsense",
    ],
)
def test_another_kind_of_body_is_415(api, content_type):
    response = send(api, b'{"text": "a"}', content_type)

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json; charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_utf_8_is_taken_however_it_is_named(api, content_type):
    response = send(api, '{"text": "ñ 🙂"}'.encode(), content_type)

    assert response.json() == {"text": "ñ 🙂"}


def test_a_body_past_the_limit_is_413(api, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000

    assert send(api, b'{"text": "%s"}' % (b"a" * 2_000)).status_code == 413
    assert send(api, b'"%s"' % (b"a" * 998)).status_code == 400
    assert send(api, b" " * 990 + b"{}").status_code == 200


def test_good_values_come_back_as_they_were(api):
    body = {
        "text": "plain",
        "number": -2_147_483_647,
        "ratio": 0.5,
        "flag": False,
        "moment": "2026-01-31T10:00:00.500000Z",
        "day": "2026-01-31",
        "key": "0190b2f0-c3d5-7c1c-8000-000000000000",
        "email": "ana@example.com",
        "url": "https://example.com/a?b=c",
        "price": {"amount": "499.00", "currency": "MXN"},
        "numbers": [1, 2],
        "lines": [{"code": "a", "message": 1}],
    }

    response = send(api, json.dumps(body).encode())

    assert response.status_code == 200
    assert response.json() == body


def test_moments_are_kept_in_utc_whatever_their_offset(api):
    response = send(api, b'{"moment": "2026-01-31t10:00:00+02:00"}')

    assert response.json() == {"moment": "2026-01-31T08:00:00Z"}


def test_a_whole_float_is_a_whole_number(api):
    assert send(api, b'{"number": 3.0}').json() == {"number": 3}


def test_depth_counts_brackets_outside_of_strings_only():
    deep = '"' + "[" * 50 + '\\"' + "{" * 50 + '"'

    assert loads(b"[" * MAX_DEPTH + deep.encode() + b"]" * MAX_DEPTH)
    assert loads(b"[%s]" % b",".join([b"[[1],{}]"] * 5_000))
    with pytest.raises(ParseError):
        loads(b"[" * (MAX_DEPTH + 1) + deep.encode() + b"]" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    "body", [b'"' * 2_500_000, b'"\\' * 1_250_000, b'["' * 1_250_000, b"\\" * 2_500_000 + b"[" * 40]
)
def test_long_bodies_of_quotes_and_brackets_are_refused(body):
    # Each would take minutes if looking at depth were quadratic.
    with pytest.raises(ParseError):
        loads(body)


texts = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))
numbers = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False, width=32)
json_values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a machine that is busy
@given(json_values)
def test_ordinary_json_is_understood_like_everywhere_else(value):
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value
