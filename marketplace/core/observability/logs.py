"""Log records as one JSON line each, with what the work at hand belongs to; people only as a keyed hash."""

import hashlib
import logging
from datetime import UTC, datetime

from django.conf import settings
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from marketplace.core.context import current_facts, current_request_id, current_trace_id


class ContextFilter(logging.Filter):
    """Adds to every record the request's id, the trace's, and what the work is about: `user`, `product`, `promotion`,
    `task`, `handler` … What the call itself said stands."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        said = record.__dict__
        if trace_id := current_trace_id():
            said.setdefault("trace_id", trace_id)
        for name, fact in current_facts().items():
            if name not in said and (value := fact if isinstance(fact, str) else fact()):
                said[name] = hashed(value) if name == "user" else value
        return True


class RouteFilter(logging.Filter):
    """For Django's own lines about requests: the route instead of the path, whose parts may be keys to something."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = record.__dict__.pop("request", None)
        if request is not None and isinstance(record.args, tuple):
            match = getattr(request, "resolver_match", None)
            route = f"/{match.route}" if match else "a path without a route"
            record.args = tuple(route if value == request.path else value for value in record.args)
        return True


class JsonFormatter(BaseJsonFormatter):
    """Time (RFC 3339, UTC), level, logger, message, request id, and whatever the call and the context added."""

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "at", "levelname": "level", "name": "logger"},
        )

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def hashed(value: str) -> str:
    """A person's or thing's stable stand-in in logs: keyed, so that it cannot be looked up by guessing."""
    return hashlib.blake2b(value.encode(), key=settings.LOG_HASH_KEY.encode()[:64], digest_size=8).hexdigest()
