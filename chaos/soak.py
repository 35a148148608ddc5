"""Mixed traffic on the served layout: errors, memory of each process, p95 of each route, and the books afterwards.

    python -m chaos soak [--minutes 30] [--rate 20] [--warm 3]

Of the requests 70 % browse, 20 % bring a batch of events, 10 % reserve, complete or check out: over HTTP at a fixed
rate against two API processes, with relay, workers of every queue and beat at work. Memory is the proportional share of
each program and its children, from minute `--warm` to the end, as the medians of the tenths of that time. An
error is no answer, or one that the route should not give. Exit code 1 when errors reach 0.1 %, a program has grown by
5 % from the first tenth to the last (and more than 4 MB), or `verify_ledger --full` or the shelves find a fault.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import threading
import time
from collections import Counter, deque
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from django.db import connection

from bench import seed, served
from bench.checkout import Shopper, carts, shelves
from marketplace.core.ids import uuid7
from scripts.openloop import Answer, Call, OpenLoop, percentile
from scripts.running import Running
from scripts.services import QUEUE_GROUPS, Program, beat, granian, relay, worker
from stores.catalog.models import Product
from stores.inventory.reconciliation import reconcile_stock

from .stage import Stage

GOAL_ERRORS, GOAL_GROWTH, SMALL_MB = 0.001, 0.05, 4.0
CUSTOMERS: Final = 400
EVENTS: Final = 20
LOOK_EVERY: Final = 2.0
RESERVATIONS: Final = "/api/v1/promotions/promo-reservations/"
BROWSING: Final = {
    "list": "/api/v1/market/products/",
    "search": "/api/v1/market/products/?search=plato",
    "promotions": "/api/v1/promotions/flash-promos/",
    "stores": "/api/v1/market/stores/",
}
FINE: Final = {
    "events": {202},
    "reserve": {200, 201, 409, 410},  # held already, nothing free at this moment, over
    "complete": {200, 201, 409, 410},  # the hold may have lapsed
    "checkout": {201},
}


class Traffic:
    """What is sent next, and what was answered; totals only, so that this process does not grow either."""

    def __init__(self, orders: int) -> None:
        variants = shelves()
        self._shoppers: deque[Shopper] = deque(carts(orders, variants))
        self._products = list(Product.objects.values_list("pk", flat=True))
        self._sale = seed.flash_sale(customers=CUSTOMERS, units=orders)
        self._held: deque[tuple[str, str]] = deque(maxlen=CUSTOMERS)
        self._sent: dict[int, tuple[str, str]] = {}
        self.statuses: dict[str, Counter[int]] = {}
        self.seconds: dict[str, list[float]] = {}

    def make(self, number: int) -> Call:
        """The n-th request."""
        draw = random.random()
        kind = "browse" if draw < 0.7 else "events" if draw < 0.9 else "reserve" if draw < 0.95 else "checkout"
        route, token, call = getattr(self, f"_{kind}")()
        self._sent[number] = (route, token)
        return call  # type: ignore[no-any-return]

    def hear(self, number: int, answer: Answer) -> None:
        """Count it; a reservation that was won is completed by one of the next requests."""
        route, token = self._sent.pop(number, ("not sent", ""))
        self.statuses.setdefault(route, Counter())[answer.status] += 1
        self.seconds.setdefault(route, []).append(answer.seconds)
        if route == "reserve" and answer.status == 201:
            self._held.append((json.loads(answer.body)["id"], token))

    def report(self) -> float:
        """A line for each route; the share of errors."""
        wrong = total = 0
        for route in sorted(self.statuses):
            statuses, times = self.statuses[route], sorted(self.seconds[route])
            errors = sum(count for status, count in statuses.items() if status not in FINE.get(route, {200}))
            wrong, total = wrong + errors, total + len(times)
            print(
                f"  {route:<12} {len(times):>7} requests, p50 {percentile(times, 0.5):.0f} ms, p95 "
                f"{percentile(times, 0.95):.0f} ms, p99 {percentile(times, 0.99):.0f} ms, {errors} errors, "
                f"{dict(statuses)}"
            )
        share = wrong / max(total, 1)
        print(f"errors: {wrong} of {total} ({share:.3%})", flush=True)
        return share

    def _browse(self) -> tuple[str, str, Call]:
        if random.random() < 0.4:
            return "product", "", Call(f"/api/v1/market/products/{random.choice(self._products)}/")
        route = random.choice(sorted(BROWSING))
        return route, "", Call(BROWSING[route])

    def _events(self) -> tuple[str, str, Call]:
        now, session = datetime.now(UTC).isoformat(), f"s{random.randrange(10_000)}"
        events = [self._event(now, session) for _ in range(EVENTS)]
        return "events", "", Call("/api/v1/events/batch/", {}, {"events": events})

    def _event(self, now: str, session: str) -> dict[str, Any]:
        return {
            "event_id": str(uuid7()), "type": random.choice(("impression", "view", "click")),
            "product_id": str(random.choice(self._products)), "session_id": session, "occurred_at": now,
        }  # fmt: skip

    def _reserve(self) -> tuple[str, str, Call]:
        if self._held and random.random() < 0.6:
            held, token = self._held.popleft()
            return "complete", token, Call(f"{RESERVATIONS}{held}/complete/", signed(token), {})
        token = random.choice(self._sale.tokens)
        return "reserve", token, Call(RESERVATIONS, signed(token), {"promo": str(self._sale.promo_id)})

    def _checkout(self) -> tuple[str, str, Call]:
        if not self._shoppers:
            return self._browse()
        shopper = self._shoppers.popleft()
        return "checkout", "", Call("/api/v1/checkout/", signed(shopper.token), {"payment": "wallet"})


class Memory:
    """Looks at every program from a thread of its own."""

    def __init__(self, programs: dict[str, Running]) -> None:
        self._programs = programs
        self._looks: dict[str, list[tuple[float, float]]] = {name: [] for name in programs}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._stop.set()
        self._thread.join()

    def report(self, *, warm: float) -> bool:
        """A line for each program; whether none has grown or died."""
        fine = True
        for name, looks in self._looks.items():
            late = [megabytes for at, megabytes in looks if at >= warm]
            share = max(1, len(late) // 10)
            course = [statistics.median(late[at : at + share]) for at in range(0, 10 * share, share) if late[at:]]
            first, last = course[0], course[-1]
            grown = last / first - 1 if first else float("inf")
            is_fine = self._programs[name].pid is not None and (grown < GOAL_GROWTH or last - first < SMALL_MB)
            shown = " ".join(f"{megabytes:.0f}" for megabytes in course)
            print(f"  {name:<9} {grown:+.1%}{'' if is_fine else ' TOO MUCH, or dead'}: {shown} MB")
            fine = fine and is_fine
        return fine

    def _look(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(LOOK_EVERY):
            parents = parents_now()
            for name, running in self._programs.items():
                self._looks[name].append((time.monotonic() - began, megabytes_of(running.pid, parents)))


def main(found: Stage) -> int:
    """Seed, serve, drive, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--warm", type=float, default=3.0, help="minutes before memory counts")
    options = parser.parse_args()
    count = int(options.minutes * 60 * options.rate)
    traffic = Traffic(orders=int(count * 0.06) + 100)
    programs = {program.name: found.start(program) for program in layout(found.api_port)}
    served.wait_for(found.api_port)
    memory = Memory(programs)
    asyncio.run(OpenLoop(found.api_port).run(traffic.make, traffic.hear, rate=options.rate, count=count))
    memory.end()
    print(f"{options.minutes:g} minutes at {options.rate:g} requests/s; memory from minute {options.warm:g} on:")
    fine = memory.report(warm=options.warm * 60)
    fine = traffic.report() < GOAL_ERRORS and fine
    connection.close()
    adrift = reconcile_stock().drift_count
    print(f"shelves: {adrift} items adrift", flush=True)
    fine = found.manage("verify_ledger", "--full") == 0 and not adrift and fine
    print("errors, memory and books as they should be" if fine else "FAILED")
    return 0 if fine else 1


def layout(port: int) -> list[Program]:
    """The served layout without its front and its sockets."""
    shape = ["--workers", "2", "--blocking-threads", "1", "--no-ws"]
    api = Program("api", granian("wsgi", port, "marketplace.wsgi:application", *shape), THROTTLES)
    return [api, *(worker(name, queues) for name, queues in QUEUE_GROUPS.items()), beat(), relay()]


THROTTLES: Final = dict.fromkeys(("THROTTLE_EVENTS_ADDRESS", "THROTTLE_EVENTS", "THROTTLE_EXPOSURE"), "100000000/min")
"""One machine plays many visitors: neither its address nor its few sessions are to be limited."""


def signed(token: str) -> dict[str, str]:
    """The headers of a customer's request that changes something."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}


def megabytes_of(pid: int | None, parents: dict[int, int]) -> float:
    """Proportional memory of a process and all below it; 0 when it is gone."""
    if pid is None:
        return 0.0
    family, kilobytes = {pid}, 0
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    for each in family:
        try:
            rollup = Path(f"/proc/{each}/smaps_rollup").read_text()
        except OSError:  # a child that has just ended
            continue
        kilobytes += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return kilobytes / 1024


def parents_now() -> dict[int, int]:
    """The parent of each process."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return {int(child): int(parent) for child, parent in map(str.split, listed.splitlines())}
