"""The measured half of `bench.import_products`: a process of its own, on the database its environment names."""

import os
import re
import sys
import time
from pathlib import Path

from marketplace.celery import keep_what_is_loaded
from stores import facade as stores
from stores.catalog.models import Variant
from stores.contracts import CategoryRow, StoreRow
from stores.importing import services
from stores.importing.work import run_to_end
from users import facade as users

from .import_products import CATEGORIES, STORES


def work() -> None:
    """Read, look that nothing is written, confirm, write."""
    file = Path(sys.argv[1])
    keep_what_is_loaded()
    department = users.add_departments({"bench": "Bench"})["bench"]
    stores.add_stores(StoreRow(f"bench-{n}", f"Bench {n}", 19.4, -99.1, "MXN") for n in range(STORES))
    stores.add_categories(CategoryRow(f"bench-{n}", f"Bench {n}", department) for n in range(CATEGORIES))
    print(f"  before                     memory {peak():6.1f} MB", flush=True)
    started, busy = time.perf_counter(), time.process_time()
    with file.open("rb") as upload:
        run = services.open_run(file=upload, file_name=file.name, actor_id=None)
    run = run_to_end(run.pk)
    read = time.perf_counter()
    assert not Variant.objects.exists()
    shown(f"read {run.rows_count} rows, {run.error_count} bad", run.rows_count, read - started)
    confirmed = services.confirm_run(run_id=run.pk, actor_id=None)
    wrote = time.perf_counter()
    run = run_to_end(confirmed.pk)
    ended = time.perf_counter()
    assert Variant.objects.count() == run.applied_count == run.rows_count - run.error_count
    shown(f"written {run.applied_count}", run.applied_count, ended - wrote)
    shown("both", run.rows_count, ended - wrote + read - started)
    busy = time.process_time() - busy
    print(f"  processor time of the process {busy:.1f} s, load average now {os.getloadavg()[0]:.1f}", flush=True)


def shown(what: str, count: int, seconds: float) -> None:
    """A line."""
    print(f"  {what:<26} {seconds:6.1f} s {count / seconds:7.0f} rows/s, peak memory {peak():6.1f} MB", flush=True)


def peak() -> float:
    """This process's high-water mark."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found.group(1)) / 1024 if found else 0.0
