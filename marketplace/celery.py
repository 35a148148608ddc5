"""The Celery application. Tasks live in each slice's `tasks.py`; queues are named in `CELERY_TASK_ROUTES`."""

import logging
import os
from pathlib import Path
from typing import Any, Final

from celery import Celery
from celery.signals import (
    task_postrun,
    task_prerun,
    worker_before_create_process,
    worker_init,
    worker_process_init,
)
from django.db import Error, close_old_connections

from marketplace.core.loaded import OnDemand, keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

log = logging.getLogger(__name__)
jobs: Final = OnDemand("marketplace.core.jobs")  # tables: Django must have been set up

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("marketplace", "users", "stores", "funds", "links", "promotions", "purchases", "notifications")


def packages_with_tasks() -> list[str]:
    """Slices are plain packages, not apps: Celery is told which of them hold a `tasks.py`."""
    found = (path.parent.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("tasks.py"))
    return sorted(".".join(folder.parts) for folder in found)


app = Celery("marketplace")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(packages_with_tasks())


@worker_before_create_process.connect
def before_a_child(**_signal: Any) -> None:
    """Celery looks for garbage before each fork, and a child after it: in what is loaded there is none.

    Else filling the place of a child that was killed takes nearly half a second of a core that other queues need.
    """
    keep_what_is_loaded()


@worker_init.connect
def before_children(**_signal: Any) -> None:
    """Children hear of their beginning after Celery itself does, which closes the connections that they inherit."""
    worker_process_init.connect(begin_to_work)


def begin_to_work(**_signal: Any) -> None:
    """What else the first tasks of a child would wait for, done before them.

    What the worker started with is kept out of searches for garbage: else a tenth of a long task. The database is asked
    for the first time: about 60 ms, and 5 MB that are no longer shared with the worker. Where it is out, the first task
    connects.
    """
    keep_what_is_loaded()
    try:
        jobs.since_tick()
    except Error as error:
        log.warning("the database does not answer yet: %s", type(error).__name__)


@task_prerun.connect
@task_postrun.connect
def look_after_connections(task: Any, **_signal: Any) -> None:
    """As around a request: a connection past its age is closed, one that went bad is found before it is used.

    Celery's own way, to connect anew for each task, is switched off by `CELERY_DB_REUSE_MAX`.
    """
    if not task.request.is_eager:
        close_old_connections()
