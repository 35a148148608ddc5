"""Celery's messages carry the request and its trace; the tasks they start belong to them, and are spans."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from inspect import signature
from typing import Any, Final

from celery import signals

from marketplace.core.context import about, current_request_id, current_trace_parent, request_id

from . import tracing
from .queues import SENT_AT
from .subjects import subjects_of

REQUEST: Final = "request_id"
TRACE: Final = "traceparent"
_OPEN: Final = "carried_open"
_FAILED: Final = frozenset({"FAILURE", "RETRY", "REVOKED"})


def connect() -> None:
    """Called in `ready()`; harmless twice."""
    signals.before_task_publish.connect(_send, dispatch_uid="core.carry")
    signals.task_prerun.connect(_begin, dispatch_uid="core.carry")
    signals.task_postrun.connect(_end, dispatch_uid="core.carry")
    signals.worker_process_shutdown.connect(_flush, dispatch_uid="core.carry")


def _send(*, headers: dict[str, Any] | None = None, **_signal: Any) -> None:
    if headers is None:
        return
    for name, value in ((REQUEST, current_request_id()), (TRACE, current_trace_parent())):
        if value:
            headers[name] = value


def _begin(*, task: Any, args: Any = (), kwargs: Any = None, **_signal: Any) -> None:
    request = task.request
    facts = subjects_of(dict(zip(_parameters(task.run), args or (), strict=False)) | (kwargs or {}))
    stack = ExitStack()
    stack.enter_context(request_id(_text(request, REQUEST) or current_request_id()))
    stack.enter_context(about(**facts, task=task.name))
    mark = stack.enter_context(tracing.span(f"task {task.name}", tracing.CONSUMER, parent=_text(request, TRACE)))
    sent_at = getattr(request, SENT_AT, None)
    if isinstance(sent_at, float):
        mark.set("marketplace.waited_ms", round((time.time() - sent_at) * 1000, 1))
    # On the request, which is the run's own: one task object serves all threads of a worker.
    setattr(request, _OPEN, (stack, mark))


def _end(*, task: Any, state: str | None = None, **_signal: Any) -> None:
    opened: tuple[ExitStack, tracing.Mark] | None = getattr(task.request, _OPEN, None)
    if opened is not None:
        setattr(task.request, _OPEN, None)
        stack, mark = opened
        if state in _FAILED:
            mark.fail(str(state).lower())
        stack.close()


def _flush(**_signal: Any) -> None:
    # A pool's process ends without Python's own farewell.
    tracing.flush()


def _text(request: Any, name: str) -> str:
    value = getattr(request, name, "")
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=256)
def _parameters(run: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(run).parameters)
