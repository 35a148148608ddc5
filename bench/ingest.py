"""Events over HTTP in batches of 50, while a worker drains: how many a second, how long one takes, how far behind.

    python -m bench ingest [--clients 8] [--seconds 10] [--products 200]

Two API processes on PostgreSQL. Afterwards the totals are compared with what the answers said.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

from django.db import connections
from django.utils import timezone

from marketplace.core.ids import uuid7
from promotions.engagement.models import EngagementEvent, EventBatch
from promotions.engagement.services.draining import drain_events, drain_once
from stores.catalog.tests.factories import ProductFactory

from . import served

BATCH = 50
PATH = "/api/v1/events/batch/"


def main() -> None:
    """Seed, serve, drive, drain, check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--products", type=int, default=200)
    parser.add_argument("--ahead", type=int, default=12_000, help="events a second that are made beforehand")
    options = parser.parse_args()
    products = [product.pk for product in ProductFactory.create_batch(options.products)]
    # One machine plays many: neither its address nor its few sessions are to be limited.
    os.environ |= {"THROTTLE_EVENTS_ADDRESS": "100000000/min", "THROTTLE_EVENTS": "100000000/min"}
    # Made beforehand, so that the clients leave the cores to what is measured; when they run out, more are made.
    bodies = [_batch(products) for _ in range(int(options.seconds * options.ahead / BATCH))]
    connections.close_all()
    accepted, took, lags = [], [], []
    drainer = multiprocessing.get_context("fork").Process(target=_drain_on)
    with served.api() as port:
        drainer.start()
        # Each process has served once before the clock starts.
        for _ in range(40):
            _client(port, 0.0, products, bodies, accepted, [])
        warm = sum(accepted)
        until = time.monotonic() + options.seconds
        clients = [
            threading.Thread(target=_client, args=(port, until, products, bodies, accepted, took))
            for _ in range(options.clients)
        ]
        for each in clients:
            each.start()
        while time.monotonic() < until:
            time.sleep(0.5)
            oldest = EventBatch.objects.order_by("pk").values_list("received_at", flat=True).first()
            lags.append((timezone.now() - oldest).total_seconds() if oldest else 0.0)
        for each in clients:
            each.join()
    drainer.kill()
    drainer.join()
    drain_events(at=timezone.now())
    assert EngagementEvent.objects.count() == sum(accepted), (EngagementEvent.objects.count(), sum(accepted))
    report(sorted(took), (sum(accepted) - warm) / options.seconds, max(lags), options.clients)


def report(took: list[float], rate: float, lag: float, clients: int) -> None:
    """In one line; `took` is sorted."""
    print(
        f"{clients} clients: {rate:.0f} events/s over HTTP in batches of {BATCH}, "
        f"median {took[len(took) // 2] * 1000:.1f} ms, p99 {took[len(took) * 99 // 100] * 1000:.1f} ms, "
        f"the drain at most {lag:.1f} s behind"
    )


def _client(
    port: int, until: float, products: list[UUID], bodies: list[bytes], accepted: list[int], took: list[float]
) -> None:
    """Batches one after another until that moment, one at least."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    while True:
        body = bodies.pop() if bodies else _batch(products)
        started = time.perf_counter()
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        took.append(time.perf_counter() - started)
        assert answer.status == 202, said
        accepted.append(said["accepted"])
        if time.monotonic() >= until:
            break
    connection.close()


def _batch(products: list[UUID]) -> bytes:
    now = datetime.now(UTC).isoformat()
    session = f"s{random.randrange(100_000)}"
    events = [
        {
            "event_id": str(uuid7()),
            "type": random.choice(("impression", "view", "click")),
            "product_id": str(random.choice(products)),
            "occurred_at": now,
            "session_id": session,
            "position": 3,
        }
        for _ in range(BATCH)
    ]
    return json.dumps({"sent_at": now, "events": events}).encode()


def _drain_on() -> None:
    """In a process of its own, until it is killed."""
    while True:
        if drain_once(at=timezone.now()) is None:
            time.sleep(0.2)
