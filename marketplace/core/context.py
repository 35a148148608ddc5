"""What travels with a piece of work: the request that caused it, its place in a trace, and what it is about."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

Fact = str | Callable[[], str]
"""What the work is about, or how to find out when somebody asks; empty: nothing."""

TRACE_PARENT_LENGTH: Final = 55
# https://www.w3.org/TR/trace-context/#traceparent-header; ids of zeros are no ids, version ff is none.
_TRACE_PARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_trace_parent: ContextVar[str] = ContextVar("trace_parent", default="")
_facts: ContextVar[dict[str, Fact] | None] = ContextVar("facts", default=None)


def current_request_id() -> str:
    """The request's id, also inside the handlers and tasks it caused; empty outside."""
    return _request_id.get()


@contextmanager
def request_id(value: str) -> Iterator[None]:
    """Work done inside belongs to that request. For the doors: the middleware, and the outbox around a handler."""
    token = _request_id.set(value)
    try:
        yield
    finally:
        _request_id.reset(token)


def current_trace_parent() -> str:
    """W3C `traceparent` of the request, task or handler that is at work; empty where traces are off."""
    return _trace_parent.get()


def current_trace_id() -> str:
    """32 hexadecimal digits; empty where traces are off."""
    return _trace_parent.get()[3:35]


@contextmanager
def trace_parent(value: str) -> Iterator[None]:
    """Spans and events of the inside are children of that one. What is no `traceparent` is none."""
    token = _trace_parent.set(well_formed_trace_parent(value))
    try:
        yield
    finally:
        _trace_parent.reset(token)


def well_formed_trace_parent(value: str) -> str:
    """The value, or nothing: it comes from callers, and from rows of other releases."""
    return value if _TRACE_PARENT.fullmatch(value) else ""


@contextmanager
def about(**facts: Fact) -> Iterator[None]:
    """The inside is about these, on top of what the outside is about: `user`, `product`, `promotion`, `task` …

    They stand on every log line of the inside. `user` is a user's id here, and only ever a keyed hash there.
    """
    token = _facts.set({**(_facts.get() or {}), **facts})
    try:
        yield
    finally:
        _facts.reset(token)


def note(**facts: Fact) -> None:
    """The work at hand turns out to be about these, to the end of the `about` around it; nothing outside of one."""
    known = _facts.get()
    if known is not None:
        known.update(facts)


def current_facts() -> Mapping[str, Fact]:
    """What the work at hand is about."""
    return _facts.get() or {}
