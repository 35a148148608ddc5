"""One engine of `bench.autobuy`: a process as one of production's workers, on the database its environment names."""

import json
import sys
import time
from datetime import datetime

from marketplace.celery import keep_what_is_loaded
from purchases.autobuy.services import run_due_plans

from ._import_worker import peak


def work() -> None:
    """Say ready, wait for the word, run until nothing is due, say what it took."""
    at = datetime.fromisoformat(sys.argv[1])
    keep_what_is_loaded()
    before = peak()
    print("ready", flush=True)
    sys.stdin.readline()
    busy, plans, longest = time.process_time(), 0, 0.0
    while True:
        started = time.perf_counter()
        looked = run_due_plans(at=at)
        longest = max(longest, time.perf_counter() - started)
        plans += looked
        if not looked:
            break
    busy = time.process_time() - busy
    print(json.dumps({"plans": plans, "busy": busy, "longest": longest, "before": before, "peak": peak()}), flush=True)
