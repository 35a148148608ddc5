"""Processes that are killed: reads what one has to do by the line, forks it, answers with its return code (-9: killed).

    python -m marketplace.tests.killed_processes

Set up once, so that a death costs a fraction of a second. The child does one thing and dies by SIGKILL once the
function that is named (`module:function`) has done its work, or after the commit (`commit`) of whatever publishes.
"""

import importlib
import json
import os
import signal
import sys
from typing import Any

import django
from django.conf import settings
from django.urls import get_resolver


def die(*_args: Any, **_named: Any) -> None:
    """No clean-up, no exception, no exit handler."""
    os.kill(os.getpid(), signal.SIGKILL)


def plant(after: str) -> None:
    """Death behind the function of that name, or right after a commit, in place of the wake-up."""
    if after == "commit":
        from marketplace.core.outbox import publishing  # noqa: PLC0415 - Django is set up by now

        setattr(publishing, "wake_relay", die)  # noqa: B010 - not a name of the module's own
        return
    module, _, name = after.partition(":")
    place: Any = importlib.import_module(module)
    *owners, name = name.split(".")
    for owner in owners:
        place = getattr(place, owner)
    done = getattr(place, name)

    def last(*args: Any, **named: Any) -> None:
        done(*args, **named)
        die()

    setattr(place, name, last)


def act(order: dict[str, Any]) -> None:
    """A request, a call without arguments, or whatever waits in the outbox and in the payment queue."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from rest_framework.test import APIClient  # noqa: PLC0415

    from marketplace.core.outbox.relay import drain  # noqa: PLC0415

    if "path" in order:
        client = APIClient(SERVER_NAME="localhost")
        if order["user"]:
            client.force_authenticate(get_user_model().objects.get(pk=order["user"]))
        client.post(order["path"], order["body"], format="json", headers=order["headers"])
    elif "call" in order:
        module, _, name = order["call"].partition(":")
        getattr(importlib.import_module(module), name)()
    else:
        drain()


def do_and_die(order: dict[str, Any]) -> None:
    """In the fork."""
    for name, value in order["settings"].items():
        setattr(settings, name, value)
    plant(order["after"])
    act(order)
    print("survived", file=sys.stderr)  # noqa: T201 - for whoever reads why the test failed


def main() -> None:
    """Until the input ends."""
    django.setup()
    assert get_resolver().url_patterns  # the routes are read before the first fork
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                do_and_die(json.loads(line))
            finally:
                os._exit(1)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
