"""The measured half of `bench.audience`: a process of its own, on the database its environment names."""

import json
import re
import sys
import time
from pathlib import Path

import django

django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first
from django.utils import timezone  # noqa: E402

from marketplace.core.clock import platform_day  # noqa: E402
from marketplace.core.ids import uuid7  # noqa: E402
from notifications.audiences.services import begin_fan_out, go_on  # noqa: E402
from notifications.inbox.services import write_message  # noqa: E402
from notifications.kinds.table import FLASH_STARTED  # noqa: E402
from users.contracts import Audience  # noqa: E402

WIDE_KM = 100.0


def main() -> None:
    """Tell the audience whose circle the command line gives; say how long it took, as JSON."""
    latitude, longitude, radius = map(float, sys.argv[1:4])
    connection.ensure_connection()
    before, at = peak(), timezone.now()
    started = time.perf_counter()
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
    seconds = time.perf_counter() - started
    print(json.dumps({"people": people, "seconds": seconds, "before_mb": before, "peak_mb": peak()}))


def peak() -> float:
    """This process's high-water mark."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0


if __name__ == "__main__":
    main()
