"""What travels with a piece of work: the id of the request that caused it."""

from contextvars import ContextVar

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The request's id, also inside the handlers and tasks it caused; empty outside."""
    return _request_id.get()


def set_request_id(value: str) -> None:
    """Set at the doors: the middleware, and the outbox when it runs a handler."""
    _request_id.set(value)
