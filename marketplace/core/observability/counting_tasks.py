"""Celery's tasks, counted by the worker that ran them."""

import time
from typing import Any

from celery import signals

from .counting import Histogram

SECONDS = Histogram(
    "marketplace_task_seconds",
    "tasks that were run, by name and by how they ended: success, failure, retry",
    ("task", "outcome"),
    bounds=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0),
)
_STARTED = "counted_since"


def connect() -> None:
    """Called in `ready()`; harmless twice."""
    signals.task_prerun.connect(_begin, dispatch_uid="core.count_tasks")
    signals.task_postrun.connect(_end, dispatch_uid="core.count_tasks")


def _begin(*, task: Any, **_signal: Any) -> None:
    # On the request, which is the run's own: one task object serves all threads of a worker.
    setattr(task.request, _STARTED, time.perf_counter())


def _end(*, task: Any, state: str | None = None, **_signal: Any) -> None:
    started = getattr(task.request, _STARTED, None)
    if started is not None:
        SECONDS.add(time.perf_counter() - started, task.name, (state or "unknown").lower())
