"""The overview over a large house: its answer in the process, without HTTP, beside the same sums over the raw orders.

    python -m bench overview [--orders 1000000] [--events 10000000] [--requests 60] [--days 90]

Orders, parts and lines are written straight into the tables, set-wise, and their days added up by the product. Sums by
day of events and places are those that so many events would leave (the events themselves are a table that the report
does not touch; `--events` says how large their numbers are). Customers have wallets and points, variants stock, and one
in twenty of the variants had a flash promotion.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Sum
from django.utils import timezone
from rest_framework.test import APIClient

from marketplace.core.clock import day_begins, platform_day
from marketplace.core.loaded import keep_what_is_loaded
from marketplace.demo import shown
from promotions import facade as promotions
from promotions.flash.tests.factories import make_promo, make_variant
from purchases import facade as purchases
from purchases.models import DailySales, Order
from purchases.sales_days.adding_up import SOLD_STATES
from stores.catalog.tests.factories import ProductFactory
from stores.merchants.tests.factories import StoreFactory
from users.accounts.tests.factories import AdministratorFactory, UserFactory

SQL: Final = Path(__file__).parent / "sql"
PATH: Final = "/api/v1/admin/analytics/overview/"
GOAL_MS: Final = 200.0
STORES, VARIANTS, CUSTOMERS = 100, 5_000, 100_000


def main() -> None:
    """Seed, add up, ask, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--requests", type=int, default=60)
    parser.add_argument("--days", type=int, default=90)
    options = parser.parse_args()
    if not Order.objects.exists():
        seed(options.orders, options.events, options.days)
    at = timezone.now()
    last = platform_day(at)
    client = APIClient(raise_request_exception=True)
    client.force_authenticate(AdministratorFactory.create(email=f"bench{time.time_ns()}@example.com"))
    client.get(PATH)
    keep_what_is_loaded()  # as every web process does
    print(f"{Order.objects.count():,} orders, {DailySales.objects.count():,} rows of sales by day")
    worst = max(measured(client, last, days, options.requests) for days in (7, 30, options.days))
    for report in ("promotions", "loyalty", "inventory", "funds"):
        path = PATH.replace("overview", report)
        times = sorted(asked(client, {}, path) for _ in range(max(5, options.requests // 4)))
        print(f"  {report:10} 30 days: p50 {statistics.median(times):6.1f} ms, slowest {times[-1]:6.1f} ms")
    if worst > GOAL_MS:
        sys.exit("the overview is too slow")


def measured(client: Any, last: date, days: int, requests: int) -> float:
    """The 95th percentile of the overview of so many days, in milliseconds; what it says is what the orders say."""
    first = last - timedelta(days=days - 1)
    query = {"from": first.isoformat(), "to": last.isoformat()}
    statements = []

    def counted(execute: Callable[..., Any], *statement: Any) -> Any:
        statements.append(statement)
        return execute(*statement)

    with connection.execute_wrapper(counted):
        found = client.get(PATH, query).json()
    times = sorted(asked(client, query) for _ in range(requests))
    p95 = times[int(len(times) * 0.95)]
    raw = statistics.median(raw_sums(first) for _ in range(3))
    print(
        f"  {days:3} days: p50 {statistics.median(times):6.1f} ms, p95 {p95:6.1f} ms (goal {GOAL_MS:.0f}), "
        f"{len(statements)} queries; the sales alone over raw orders {raw:7.1f} ms, {raw / p95:.1f} times p95"
    )
    expect_equal(found, first)
    return p95


def asked(client: Any, query: dict[str, str], path: str = PATH) -> float:
    """Milliseconds of one answer."""
    started = time.perf_counter()
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.content
    return (time.perf_counter() - started) * 1000


def raw_sums(first: Any) -> float:
    """Milliseconds of orders and revenue by day, out of the orders."""
    started = time.perf_counter()
    orders = Order.objects.filter(placed_at__gte=day_begins(first), state__in=SOLD_STATES, currency="MXN")
    list(orders.values("placed_at__date").annotate(count=Count("pk"), revenue=Sum("total_minor")).order_by())
    return (time.perf_counter() - started) * 1000


def expect_equal(found: dict[str, Any], first: Any) -> None:
    """What was answered is what the orders say."""
    orders = Order.objects.filter(placed_at__gte=day_begins(first), state__in=SOLD_STATES, currency="MXN")
    sums = orders.aggregate(count=Count("pk"), revenue=Sum("total_minor"))
    figures = found["figures"]
    assert figures["orders"]["value"] == sums["count"], (figures["orders"], sums)
    assert figures["revenue"]["value"]["amount"] == f"{sums['revenue'] / 100:.2f}", (figures["revenue"], sums)


def seed(orders: int, events: int, days: int) -> None:
    """The rows, set-wise; then the product adds the days up."""
    at = timezone.now()
    UserFactory.create()
    stores = [StoreFactory.create() for _ in range(STORES)]
    product = ProductFactory.create(store=stores[0])
    make_promo(make_variant(product=product))
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        values = {"orders": orders, "days": days, "variants": VARIANTS, "customers": CUSTOMERS}
        for statement in (SQL / "overview.sql").read_text().split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
    promotions.add_funnel_days(shown.funnel_days(1, at, days=days * 2, scale=events / 60 / 3_600))
    promotions.add_slot_days(shown.slot_days(1, at, days=days * 2))
    print(f"seeded in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    purchases.touch_sales_days(days=[at.date() - timedelta(days=n) for n in range(days + 2)])
    count = purchases.add_up_sales()
    print(f"{count} days added up in {time.perf_counter() - began:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
