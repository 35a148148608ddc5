"""The Celery application. Tasks live in each slice's `tasks.py`; queues are named in `CELERY_TASK_ROUTES`."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import worker_before_create_process, worker_process_init

from marketplace.core.loaded import keep_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings.local")

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


@worker_process_init.connect
def begin_to_work(**_signal: Any) -> None:
    """A long task spends a tenth of its time on looking through what its worker started with."""
    keep_what_is_loaded()
