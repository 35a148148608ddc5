"""Spans around requests, tasks, handlers, mails, statements and Redis commands.

Nothing here imports OpenTelemetry: where traces are off (the default) none of it is loaded, and `span` yields a mark
that does nothing. What spans say is what logs may say: route templates, names, ids of things. Never an address, a
token or the parameters of a statement; an error is its class.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from typing import Any, Final, Protocol

from django.conf import settings
from django.db.backends.signals import connection_created

SERVER: Final = "SERVER"
CLIENT: Final = "CLIENT"
CONSUMER: Final = "CONSUMER"
INTERNAL: Final = "INTERNAL"

Value = str | int | float | bool


class Mark(Protocol):
    """A span that is open."""

    def name(self, name: str) -> None:
        """Call it otherwise."""

    def set(self, name: str, value: Value) -> None:
        """Say something about it."""

    def fail(self, kind: str) -> None:
        """It went wrong: the class of the error, or a status."""


class Tracer(Protocol):
    """Who makes spans; `spans.Spans`."""

    def span(self, name: str, kind: str, parent: str, attributes: dict[str, Value]) -> AbstractContextManager[Mark]:
        """A span that is current inside, so that what happens there is below it."""

    def call(self, name: str, attributes: dict[str, Value]) -> AbstractContextManager[None]:
        """A call to a server, when a span above it is recorded; nothing otherwise."""

    def statement(self, execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        """A wrapper of Django's around a statement."""

    def flush(self) -> None:
        """Send what waits."""


class _NoMark:
    def name(self, name: str) -> None:
        pass

    def set(self, name: str, value: Value) -> None:
        pass

    def fail(self, kind: str) -> None:
        pass


_NO_MARK: Final = _NoMark()
_tracer: Tracer | None = None


def start() -> None:
    """Called in `ready()`: traces are on from here where the settings name an exporter."""
    if settings.TRACES_EXPORTER != "none":
        use(import_module("marketplace.core.observability.spans").from_settings())


def use(tracer: Tracer | None) -> Tracer | None:
    """Make spans by this one, or none at all; the one before. Connections that are open already are not traced."""
    global _tracer
    before, _tracer = _tracer, tracer
    if tracer is None:
        connection_created.disconnect(dispatch_uid="core.traces")
    else:
        connection_created.connect(_wrap, dispatch_uid="core.traces")
    return before


def is_on() -> bool:
    """Whether spans are made at all."""
    return _tracer is not None


@contextmanager
def span(name: str, kind: str = INTERNAL, *, parent: str = "", **attributes: Value) -> Iterator[Mark]:
    """A span around the inside, below the one that is open here, or below `parent`, a `traceparent`, when there is
    none or it is of another trace. Double underscores in names of attributes are dots."""
    if _tracer is None:
        yield _NO_MARK
        return
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    with _tracer.span(name, kind, parent, named) as mark:
        yield mark


@contextmanager
def call(name: str, **attributes: Value) -> Iterator[None]:
    """A call to a server, below the span that is open here; nothing where there is none."""
    if _tracer is None:
        yield
        return
    with _tracer.call(name, {key.replace("__", "."): value for key, value in attributes.items()}):
        yield


def flush() -> None:
    """Send what waits; for processes that end without a word."""
    if _tracer is not None:
        _tracer.flush()


def _statement(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if _tracer is None:
        return execute(sql, params, many, context)
    return _tracer.statement(execute, sql, params, many, context)


def _wrap(*, connection: Any, **_signal: Any) -> None:
    # First in the list: `execute_wrapper` takes the last one away again.
    if _statement not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _statement)
