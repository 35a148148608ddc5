"""What is put where a number, a text or an id belongs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Raw:
    """A piece of a body that no JSON writer would write."""

    text: str


HOSTILE: Final[tuple[Any, ...]] = (
    Raw("NaN"), Raw("Infinity"), Raw("-Infinity"), Raw("1e999"), Raw("9" * 5_000), Raw("-" + "9" * 5_000),
    Raw('"\\u0000"'), Raw('"\\ud800"'), Raw('"\\udc00 half"'), Raw("01"), Raw("1_000"), Raw("0x10"), Raw("'text'"),
    Raw('"raw \x00 NUL"'), Raw("[" * 40 + "]" * 40),
    "1_000", "\uff11\uff12", "\u0663", "-0.00", "0.000", "1e5", " 12", "+1", "NaN", "Infinity", "0x10", "9" * 5_000,
    "", " ", "A" * 20_000, "\u202e\u0000", "../../etc/passwd", "';--", "<script>alert(1)</script>", "%s%n{0}${7*7}",
    "=cmd|' /C calc'!A0", "\U0001f4a3", "a\u0301" * 300, "javascript:alert(1)", "http://127.0.0.1:6379/",
    "file:///etc/passwd",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30", "0000-00-00",
    "00000000-0000-0000-0000-000000000000", "{0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11}",
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**18, 0.1, 1e308, -0.0,
    [], {}, [[]], [None], {"": ""}, {"amount": "1", "currency": "XXX"}, {"amount": "-0.00", "currency": "MXN"},
    {"amount": "1_000", "currency": "MXN"}, {"amount": "\uff11", "currency": "MXN"}, {"__proto__": {}}, ["x"] * 2_000,
)  # fmt: skip

QUERY_VALUES: Final = (
    "", "-1", "0", "00", "1_000", "\uff11", "\u0663", "1e3", "NaN", "9" * 5_000, str(2**63), "\x00", "\ud83d", "null",
    "true", "[]", "../../etc/passwd", "' OR 1=1 --", "%", "_", "\\", "*" * 3_000, "0000-00-00", "0001-01-01",
    "9999-12-31", "2026-02-30T99:99:99Z", "0001-01-01T00:00:00+23:59", "inf", "-inf", "1,2,,", "a b", "\u0130",
    "00000000-0000-0000-0000-000000000000",
)  # fmt: skip

PATH_VALUES: Final = (
    "..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "%00", "a%00b", "%ff%fe", "0", "-1", "9" * 5_000, "%EF%BC%91", "null",
    "00000000-0000-0000-0000-000000000000", "%7B0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11%7D", "urn:uuid:x",
    "%27%20OR%201=1",
    "%F0%9F%92%A3", "x" * 3_000, "%0d%0aSet-Cookie:x=1", ";a=b", "%25s",
)  # fmt: skip


def written(value: Any) -> bytes:
    """As JSON, raw pieces as they are."""
    return _text(value).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    match value:
        case Raw():
            return value.text
        case dict():
            return "{" + ", ".join(f"{json.dumps(str(name))}: {_text(item)}" for name, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every place of a document that holds a plain value, and what it holds."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        yield path, value
    for name, item in items:
        yield from leaves(item, (*path, name))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """A copy with something else in one place."""
    if not path:
        return new
    name, rest = path[0], path[1:]
    if isinstance(value, list):
        return [replaced(item, rest, new) if index == name else item for index, item in enumerate(value)]
    return {each: replaced(item, rest, new) if each == name else item for each, item in value.items()}


def brief(value: Any) -> str:
    """For a person to read."""
    text = value.text if isinstance(value, Raw) else repr(value)
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} characters)"
