"""Structured logs: one JSON line a record, or plain text for a person at a terminal."""

from typing import Any

from .env import env

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOG_FORMAT = env.str("LOG_FORMAT", default="json")
# Users appear in logs as a keyed hash, so that a line can be joined to another but not to a person.
LOG_HASH_KEY = env.str("LOG_HASH_KEY", default="log-hash-key-of-this-machine")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "context": {"()": "marketplace.core.observability.logs.ContextFilter"},
        "route": {"()": "marketplace.core.observability.logs.RouteFilter"},
    },
    "formatters": {
        "json": {"()": "marketplace.core.observability.logs.JsonFormatter"},
        "text": {"format": "{asctime} {levelname:<7} {name} {message}", "style": "{"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["route", "context"]}
    },
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": [], "propagate": True},
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "granian.access": {"level": "WARNING"},
    },
}
