"""`exposure` with very many products: the time of one request inside the product, cached and cold.

    python -m bench exposure [--products 100000] [--cached 2000] [--cold 200]

Cached: everything but the check of what can be bought comes from this process. Cold: the selection is taken out of both
caches and of the database before each request, so that it is made anew from 300 candidates and stored. Beside them, in
the same minute, the bare query of candidates by exposure. Times are of the whole request through Django's test client
(middleware, view, serializers), no socket. Goals: p99 below 20 ms cached, below 80 ms cold.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.loaded import keep_what_is_loaded
from marketplace.core.money import Money
from promotions.exposure import caching
from promotions.exposure.models import Slate, Slot
from promotions.models import ProductScore, ScoresVersion
from promotions.scoring.selectors import candidates
from stores import facade as stores
from stores.contracts import BrandRow, CategoryRow, ProductRow, StoreRow, VariantRow
from stores.models import Product
from users import facade as users

PATH = "/api/v1/exposure/"
SEED = 20260131
STORES, CATEGORIES, BRANDS = 500, 200, 300


def main() -> None:
    """Seed, ask, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--cached", type=int, default=2_000)
    parser.add_argument("--cold", type=int, default=200)
    options = parser.parse_args()
    settings.THROTTLE_RATES["exposure"] = "100000000/min"
    if not Product.objects.exists():
        seed(options.products)
    version = ScoresVersion.objects.latest("pk")
    client = APIClient()
    ask(client)
    keep_what_is_loaded()  # as every web process does
    print(f"{options.products:,} products, 24 places")
    report("bare query of candidates", [timed(lambda: candidates(version.pk)) for _ in range(options.cold)])
    report("cached", [timed(lambda: ask(client)) for _ in range(options.cached)])
    report("cold", [cold(client) for _ in range(options.cold)])


def ask(client: APIClient) -> Any:
    """One request that must be answered in full."""
    answer = client.get(PATH, {"context": "home"})
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["mix"]) == 24, answer.json()
    return answer


def cold(client: APIClient) -> float:
    """Seconds of a request after every selection that was made is gone."""
    cache.delete_many(caching._name(key) for key in Slate.objects.values_list("key", flat=True))
    caching.forget_near()
    Slot.objects.all().delete()
    Slate.objects.all().delete()
    return timed(lambda: ask(client))


def timed(work: Callable[[], Any]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def report(name: str, seconds: list[float]) -> None:
    """Median and 99th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=100)
    print(f"{name}: p50 {cuts[49] * 1e3:.1f} ms, p99 {cuts[98] * 1e3:.1f} ms ({len(seconds)} times)")


def seed(count: int) -> None:
    """A catalogue with stock, and a version of its scores: a tenth new, the rest with a long tail of popularity."""
    draw = random.Random(SEED)
    [department_id] = users.add_departments({"bench": "Bench"}).values()
    stores.add_stores([StoreRow(f"s-{n}", f"Store {n}", 19.4, -99.1) for n in range(STORES)])
    stores.add_categories([CategoryRow(f"c-{n}", f"Category {n}", department_id) for n in range(CATEGORIES)])
    stores.add_brands([BrandRow(f"b-{n}", f"Brand {n}") for n in range(BRANDS)])
    stores.add_catalog(_product(draw, number) for number in range(count))
    _score(draw)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _product(draw: random.Random, number: int) -> ProductRow:
    variant = VariantRow(sku=f"SKU-{number}", price=Money(34_900, "MXN"), opening_stock=draw.randint(1, 50))
    return ProductRow(
        store_slug=f"s-{draw.randrange(STORES)}",
        slug=f"p-{number}",
        name=f"Product {number}",
        category_slug=f"c-{draw.randrange(CATEGORIES)}",
        variants=(variant,),
        brand_slug=f"b-{draw.randrange(BRANDS)}",
    )


def _score(draw: random.Random) -> None:
    now = timezone.now()
    version = ScoresVersion.objects.create(policy={}, started_at=now)
    rows: Any = Product.objects.order_by("pk").values_list("pk", "category_id", "store_id", "brand_id")
    ProductScore.objects.bulk_create((_scored(draw, version, now, *row) for row in rows.iterator()), batch_size=5_000)
    version.completed_at = now
    version.save()


def _scored(
    draw: random.Random, version: ScoresVersion, now: Any, pk: UUID, category: UUID, store: UUID, brand: UUID | None
) -> ProductScore:
    is_new = draw.random() < 0.1
    popularity = 0.0 if is_new else draw.random() ** 4
    cold_score = draw.uniform(0.5, 1.0) if is_new else draw.uniform(0.0, 0.2)
    profit, fresh = draw.random(), 0.9 if is_new else draw.random() / 10
    return ProductScore(
        version=version, product_id=pk, category_id=category, store_id=store, brand_id=brand, popularity=popularity,
        cold=cold_score, profit=profit, freshness=fresh, log_key=popularity * 10, is_cost_known=True, available=10,
        exposure=0.7 * popularity + 0.3 * (0.5 * cold_score + 0.3 * profit + 0.2 * fresh),
        impressions=draw.uniform(0, 150) if is_new else draw.uniform(200, 9_000), clicks=draw.uniform(0, 4),
        fresh_since=now - timedelta(days=1 if is_new else 90),
    )  # fmt: skip
