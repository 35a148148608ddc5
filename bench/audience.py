"""Telling a million of three million customers: the product beside the lean insert, in one run on one PostgreSQL.

    python -m bench audience [--customers 3000000]

A third of the customers is in the circle and takes the kind; one in thirty of all has switched it off. The worker is a
process of its own. Told is who has a row afterwards, counted. The longest transaction is looked for every few
milliseconds in `pg_stat_activity`. The lean insert is measured before and after, and the mean is compared with: the
machine's minutes differ. What the server's process itself worked is printed beside; that differs less.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import connection

from marketplace.core.ids import uuid7
from notifications.inbox.models import InboxItem
from notifications.kinds.table import FLASH_STARTED

from ._audience_worker import backend, processor_seconds

SQL: Final = Path(__file__).parent / "sql"
LATITUDE, LONGITUDE = 19.4326, -99.1332
WIDE_KM: Final = 140.0
RADII: Final = (2.0, 10.0, 30.0, 60.0)
LOOK_EVERY: Final = 0.004
GOAL_SECONDS, GOAL_RATIO, GOAL_TRANSACTION, GOAL_MEMORY = 10.0, 3.5, 0.25, 200.0
LOOK = """
    SELECT COALESCE(MAX(EXTRACT(EPOCH FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'bench_audience'
"""


class Lean(NamedTuple):
    """One lean insert: how long, and how much of it the server's process worked."""

    seconds: float
    worked: float


@dataclass(frozen=True)
class Told:
    """What one worker did."""

    people: int
    seconds: float
    server_seconds: float
    own_seconds: float
    longest: float
    peak_mb: float
    before_mb: float


def main() -> None:
    """Seed, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=3_000_000)
    options = parser.parse_args()
    seed(options.customers)
    before, wide, after = lean(1), tell(WIDE_KM), lean(2)
    base, base_worked = (before.seconds + after.seconds) / 2, (before.worked + after.worked) / 2
    rows = InboxItem.objects.count()
    eligible = options.customers // 60 * 20
    print(f"{rows} inbox rows of {options.customers} customers (eligible {eligible}), load {os.getloadavg()[0]:.1f}")
    print(f"  lean insert of as many      {before.seconds:6.2f} s before, {after.seconds:.2f} s after")
    print(f"  audience                    {wide.seconds:6.2f} s  (goal {GOAL_SECONDS:.0f})")
    print(f"  audience / lean insert      {wide.seconds / base:6.2f}    (goal {GOAL_RATIO})")
    print(
        f"  of that the server's work   {wide.server_seconds:6.2f} s, lean {base_worked:.2f} s: "
        f"{wide.server_seconds / max(base_worked, 0.01):.2f}; the worker's own {wide.own_seconds:.2f} s"
    )
    print(f"  longest transaction         {wide.longest * 1000:6.0f} ms (goal {GOAL_TRANSACTION * 1000:.0f})")
    print(f"  peak memory of the worker   {wide.peak_mb:6.0f} MB (goal {GOAL_MEMORY:.0f}), {wide.before_mb:.0f} before")
    for radius in RADII:
        small = tell(radius)
        print(
            f"  {radius:4.0f} km: {small.people:7} people  {small.seconds * 1000:7.0f} ms, "
            f"longest transaction {small.longest * 1000:4.0f} ms, server's work {small.server_seconds * 1000:.0f} ms"
        )
    if rows != eligible or wide.people != eligible:
        sys.exit("somebody was missed, or told against their word")


def seed(customers: int) -> None:
    """Rows straight into the tables; then what autovacuum does to a table that is left alone.

    A database that was kept (`BENCH_KEEP`) has its customers already; only what was told is forgotten.
    """
    if "bench_customer" in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE bench_told, notifications_inboxitem")
            cursor.execute("CHECKPOINT")
        return
    values: dict[str, Any] = {
        "customers": customers,
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "segment": uuid7(),
        "kind": FLASH_STARTED,
    }
    with connection.cursor() as cursor:
        cursor.execute((SQL / "audience_schema.sql").read_text())
        cursor.execute("SET statement_timeout = 0")
        for statement in (SQL / "audience_places.sql").read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE users_customerplace, notifications_preference, bench_customer")
        cursor.execute("CHECKPOINT")


def lean(campaign: int) -> Lean:
    """The baseline for a third of the customers, in one statement."""
    server = backend(connection)
    with connection.cursor() as cursor:
        started, worked = time.perf_counter(), processor_seconds(server)
        cursor.execute(
            "INSERT INTO bench_told (campaign_id, customer_id) SELECT %s, id FROM bench_customer "
            "WHERE id <= (SELECT max(id) FROM bench_customer) / 60 * 20 ON CONFLICT DO NOTHING",
            [campaign],
        )
        return Lean(time.perf_counter() - started, processor_seconds(server) - worked)


def tell(radius: float) -> Told:
    """One audience by one worker, watched."""
    environment = {**os.environ, "PGAPPNAME": "bench_audience"}
    command = [sys.executable, "-m", "bench._audience_worker", str(LATITUDE), str(LONGITUDE), str(radius)]
    worker = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    longest = 0.0
    with connection.cursor() as cursor:
        while worker.poll() is None:
            cursor.execute(LOOK)
            longest = max(longest, float(cursor.fetchone()[0]))
            time.sleep(LOOK_EVERY)
    if worker.returncode or worker.stdout is None:
        sys.exit("the worker failed")
    said: dict[str, Any] = json.loads(worker.stdout.read())
    return Told(longest=longest, **said)
