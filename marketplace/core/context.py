"""What travels with a piece of work: the id of the request that caused it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")


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
