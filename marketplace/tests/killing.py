"""A process of its own that does one thing and dies by SIGKILL at a planted point."""

import atexit
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from funds.models import PaymentTask
from marketplace.core.clock import db_now
from marketplace.core.models import EventDelivery

FOLLOWED = (
    "EVENT_BUS_TOPIC",
    "EVENT_BUS_URL",
    "MERCADOPAGO_ACCESS_TOKEN",
    "MERCADOPAGO_API_URL",
    "MERCADOPAGO_COLLECTOR_ID",
    "MERCADOPAGO_CURRENCY",
    "MERCADOPAGO_WEBHOOK_SECRETS",
)
"""Settings that tests change, and that the process must have too."""


def killed_posting(user_id: Any, path: str, body: dict[str, Any], key: str, *, after: str) -> None:
    """POST as that user, in a process that must die once `module:function` has done its work, or after the commit."""
    _kill({"user": str(user_id), "path": path, "body": body, "headers": {"Idempotency-Key": key}, "after": after})


def killed_hearing(path: str, headers: dict[str, str], *, after: str) -> None:
    """Take a webhook, in a process that must die as above."""
    _kill({"user": "", "path": path, "body": {}, "headers": headers, "after": after})


def killed_draining(*, after: str) -> None:
    """Handle what waits in the outbox, in a process that must die once `module:function` has done its work."""
    _kill({"after": after})


def killed_calling(call: str, *, after: str) -> None:
    """Call `module:function` without arguments, in a process that must die as above."""
    _kill({"call": call, "after": after})


def _kill(order: dict[str, Any]) -> None:
    known = connection.settings_dict
    url = f"postgres://{known['USER']}:{known['PASSWORD']}@{known['HOST']}:{known['PORT']}/{known['NAME']}"
    process = _workshop(url)
    assert process.stdin is not None
    assert process.stdout is not None
    followed = {name: getattr(settings, name) for name in FOLLOWED}
    print(json.dumps({**order, "settings": followed}), file=process.stdin, flush=True)
    assert int(process.stdout.readline()) == -signal.SIGKILL, f"survived {order['after']}"


@cache
def _workshop(url: str) -> "subprocess.Popen[str]":
    """The process that forks those that die, on this test's database; it ends with this one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "marketplace.tests.killed_processes"],
        env={**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "marketplace.settings.test"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(_close, process)
    return process


def _close(process: "subprocess.Popen[str]") -> None:
    with process:
        process.kill()


def let_leases_end() -> None:
    """The dead process's work is anybody's again, at once instead of after its lease."""
    past = db_now() - timedelta(seconds=1)
    EventDelivery.objects.filter(state=EventDelivery.State.PENDING).update(due_at=past)
    PaymentTask.objects.filter(lease_until__isnull=False).update(lease_until=past)
    PaymentTask.objects.filter(wake_at__isnull=False).update(wake_at=past)
