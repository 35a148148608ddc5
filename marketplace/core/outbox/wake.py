"""Waking the relay: NOTIFY on PostgreSQL, an event object within one process. Only a hint; the relay polls too."""

import selectors
import threading
import time
from typing import Any, Protocol

from django.db import connection

CHANNEL = "outbox"
QUIET_SECONDS = 0.02
"""A busy process need not say more often than this that there is something to do. So whoever was woken looks once
more after this time: the rows that came in between were announced by nobody."""

_event = threading.Event()
_last_notified = 0.0


def wake_relay() -> None:
    """Say that there are new rows. Runs after commit, so that NOTIFY's global lock never holds up a flush."""
    global _last_notified  # noqa: PLW0603 - a process-wide quiet time
    _event.set()
    if connection.vendor != "postgresql":
        return
    now = time.monotonic()
    if now - _last_notified < QUIET_SECONDS:
        return
    _last_notified = now
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")


class Waker(Protocol):
    """Something the relay sleeps on."""

    def wait(self, seconds: float) -> bool:
        """Return when woken (True), or after `seconds` (False)."""


class ProcessWaker:
    """For a relay in the process that publishes (embedded default)."""

    def wait(self, seconds: float) -> bool:
        """Return when woken (True), or after `seconds` (False)."""
        woken = _event.wait(seconds)
        _event.clear()
        return woken


class PostgresWaker:
    """LISTEN on the relay's own connection."""

    def __init__(self) -> None:
        self._listening_on: Any = None

    def wait(self, seconds: float) -> bool:
        """Return when notified (True), or after `seconds` (False). Raises Django's database errors."""
        connection.ensure_connection()
        raw: Any = connection.connection
        if raw is not self._listening_on:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening_on = raw
            return True  # what was announced before we listened was announced to nobody
        with connection.wrap_database_errors:
            if not raw.notifies:
                with selectors.DefaultSelector() as selector:
                    selector.register(raw, selectors.EVENT_READ)
                    selector.select(seconds)
                raw.poll()
            woken = bool(raw.notifies)
            raw.notifies.clear()
        return woken


def waker() -> Waker:
    """The one that fits the database."""
    return PostgresWaker() if connection.vendor == "postgresql" else ProcessWaker()
