"""`eligible` with very many running promotions: queries, and the time of one request inside the product.

    python -m bench eligible [--promos 10000] [--requests 2000]

Two towns: promotions spread over a city with 2 km each, and all in one town with 50 km each, where every box holds
the customer. Times are of the whole request through Django's test client (middleware, view, serializers), no socket.
"""

import argparse
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.ids import uuid7
from promotions.flash.models import FlashPromo, PromoUnit
from promotions.flash.running import promo_removed, running_copy
from stores.facade import variant_card
from users import facade as users
from users.contracts import NewCustomer

from .claim import LATITUDE, LONGITUDE, seed_variant

PATH = "/api/v1/promotions/flash-promos/eligible/"
SEED = 20260131


@dataclass(frozen=True)
class Town:
    """Where the promotions are."""

    name: str
    spread_degrees: float
    radius_km: float


TOWNS = (Town("spread over a city, 2 km each", 0.2, 2.0), Town("all in one town, 50 km each", 0.1, 50.0))


def main() -> None:
    """Seed, ask, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--promos", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=2_000)
    options = parser.parse_args()
    variant_id = seed_variant()
    [customer_id] = users.add_customers(
        [NewCustomer(email="bench@example.com", latitude=LATITUDE, longitude=LONGITUDE)]
    )
    for town in TOWNS:
        PromoUnit.objects.all().delete()
        FlashPromo.objects.all().delete()
        seed(town, variant_id, options.promos)
        measure(town, customer_id, options)


def seed(town: Town, variant_id: UUID, count: int) -> None:
    """Rows straight into the tables: what is measured is reading them."""
    chance, now, card = random.Random(SEED), timezone.now(), variant_card(variant_id)
    promos = FlashPromo.objects.bulk_create(
        (
            FlashPromo(
                id=uuid7(),
                store_id=card.store_id,
                variant_id=variant_id,
                department_id=card.department_id,
                latitude=LATITUDE + chance.uniform(-1, 1) * town.spread_degrees,
                longitude=LONGITUDE + chance.uniform(-1, 1) * town.spread_degrees,
                promo_price_minor=100,
                currency="MXN",
                starts_at=now - timedelta(minutes=1),
                ends_at=now + timedelta(hours=1),
                started_at=now,
                radius_km=town.radius_km,
            )
            for _ in range(count)
        ),
        batch_size=1_000,
    )
    PromoUnit.objects.bulk_create((PromoUnit(promo=promo, number=1) for promo in promos), batch_size=1_000)
    # Made long ago: what is read every few seconds is what changed.
    FlashPromo.objects.update(updated_at=now - timedelta(hours=1))
    promo_removed()


def measure(town: Town, customer_id: UUID, options: argparse.Namespace) -> None:
    """The reading of all promotions, then requests one after the other."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {users.access_token(customer_id)}")
    with CaptureQueriesContext(connection) as cold:
        started = time.perf_counter()
        running_copy(timezone.now())
        reading = time.perf_counter() - started
    # Counted at once: the next request empties the log.
    reading_queries = len(cold)
    with CaptureQueriesContext(connection) as warm:
        found = client.get(PATH).json()["results"]
    queries = len(warm)
    elapsed, worked = [], []
    for _ in range(options.requests):
        started, busy = time.perf_counter(), time.process_time()
        client.get(PATH)
        elapsed.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - busy) * 1000)
    print(f"{options.promos} running, {town.name}: {len(found)} on the first page, {queries} queries")
    print(f"  request, elapsed (goal p99 50 ms):  {percentiles(elapsed)}")
    print(f"  request, this process's own work:   {percentiles(worked)}")
    print(f"  reading all of them after a change: {reading * 1000:.0f} ms, {reading_queries} query")


def percentiles(times: list[float]) -> str:
    """Of milliseconds."""
    times.sort()
    return f"p50 {times[len(times) // 2]:6.1f} ms, p99 {times[int(len(times) * 0.99)]:6.1f} ms"
