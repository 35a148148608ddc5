"""The measured half of `bench.audience`: a process of its own, on the database its environment names."""

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from django.db import connection
from django.utils import timezone

from marketplace.core.clock import platform_day
from marketplace.core.ids import uuid7
from notifications.audiences.services import begin_fan_out, go_on
from notifications.inbox.services import write_message
from notifications.kinds.table import FLASH_STARTED
from users.contracts import Audience

WIDE_KM = 100.0


def main() -> None:
    """Tell the audience whose circle the command line gives; say how long it took, as JSON."""
    latitude, longitude, radius = map(float, sys.argv[1:4])
    connection.ensure_connection()
    before, at = peak(), timezone.now()
    server = backend(connection)
    started, busy, served = time.perf_counter(), time.process_time(), processor_seconds(server)
    message = write_message(kind=FLASH_STARTED, params={}, dedupe_key=f"bench:{uuid7()}", at=at)
    run = begin_fan_out(
        message=message,
        audience=Audience(latitude=latitude, longitude=longitude, radius_km=radius),
        at=at,
        channels=("push",),
        # The small ones follow the wide one: with a day they would all have had theirs.
        cap_day=platform_day(at) if radius > WIDE_KM else None,
    )
    people = go_on(run, at=at)
    said = {
        "people": people,
        "seconds": time.perf_counter() - started,
        "server_seconds": processor_seconds(server) - served,
        "own_seconds": time.process_time() - busy,
        "before_mb": before,
        "peak_mb": peak(),
    }
    print(json.dumps(said))


def backend(on: Any) -> int:
    """The process of the server that serves this connection."""
    with on.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid: int = cursor.fetchone()[0]
    return pid


def processor_seconds(pid: int) -> float:
    """What a process of this machine has worked so far; 0 when it cannot be seen."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(said[11]) + int(said[12])) / os.sysconf("SC_CLK_TCK")


def peak() -> float:
    """This process's high-water mark."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
