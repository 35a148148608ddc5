"""Log records as one JSON line each, with the request's id; people only as a keyed hash."""

import hashlib
import logging
from datetime import UTC, datetime

from django.conf import settings
from pythonjsonlogger.json import JsonFormatter as BaseJsonFormatter

from marketplace.core.context import current_request_id


class ContextFilter(logging.Filter):
    """Adds the request's id to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id()
        return True


class JsonFormatter(BaseJsonFormatter):
    """Time (RFC 3339, UTC), level, logger, message, request id, and whatever the call added."""

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
