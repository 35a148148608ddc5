"""A process of its own that does one thing and dies by SIGKILL at a planted point."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

from django.db import connection

from funds.models import PaymentTask
from marketplace.core.clock import db_now
from marketplace.core.models import EventDelivery

CHILD = """
import importlib, json, os, signal, sys
import django
django.setup()
from django.contrib.auth import get_user_model
from rest_framework.test import APIClient
from marketplace.core.outbox import publishing
from marketplace.core.outbox.relay import drain

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

order = json.loads(sys.argv[1])
module, _, name = order["after"].partition(":")
if module == "commit":
    publishing.wake_relay = die
else:
    place = importlib.import_module(module)
    *owners, name = name.split(".")
    for owner in owners:
        place = getattr(place, owner)
    done = getattr(place, name)
    setattr(place, name, lambda *args, **kwargs: (done(*args, **kwargs), die()))
if "path" in order:
    client = APIClient(SERVER_NAME="localhost")
    client.force_authenticate(get_user_model().objects.get(pk=order["user"]))
    client.post(order["path"], order["body"], format="json", HTTP_IDEMPOTENCY_KEY=order["key"])
elif "call" in order:
    module, _, name = order["call"].partition(":")
    getattr(importlib.import_module(module), name)()
else:
    drain()
print("survived")
"""


def killed_posting(user_id: Any, path: str, body: dict[str, Any], key: str, *, after: str) -> None:
    """POST as that user, in a process that must die once `module:function` has done its work, or after the commit."""
    _run({"user": str(user_id), "path": path, "body": body, "key": key, "after": after})


def killed_draining(*, after: str) -> None:
    """Handle what waits in the outbox, in a process that must die once `module:function` has done its work."""
    _run({"after": after})


def killed_calling(call: str, *, after: str) -> None:
    """Call `module:function` without arguments, in a process that must die as above."""
    _run({"call": call, "after": after})


def _run(order: dict[str, Any]) -> None:
    settings = connection.settings_dict
    url = (
        f"postgres://{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"
    )
    child = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(order)],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert child.returncode == -signal.SIGKILL, child.stdout + child.stderr


def let_leases_end() -> None:
    """The dead process's work is anybody's again, at once instead of after its lease."""
    past = db_now() - timedelta(seconds=1)
    EventDelivery.objects.filter(state=EventDelivery.State.PENDING).update(due_at=past)
    PaymentTask.objects.filter(lease_until__isnull=False).update(lease_until=past)
    PaymentTask.objects.filter(wake_at__isnull=False).update(wake_at=past)
