"""The hourly scores of 100,000 products: each statement, and the whole job, beside a bare copy of as many rows.

    python -m bench percentiles [--products 100000] [--rounds 5]

The bare copy writes the rows of the version before as a version of their own, same columns and indexes, in the same
minute: what any way of storing them would cost on this machine now. What the server's process itself worked is printed
beside; that differs less on a busy machine.

The percentiles (goal: 1 s) are what popularity and profit are measured against, in each category and in all: the levels
as they are written, and the ranks of the scores' statement with nothing written.
"""

import argparse
import os
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from promotions.models import ProductScore, ProductSignal, ScoresVersion, ScoringPolicy
from promotions.scoring import services, statements

from ._audience_worker import backend, processor_seconds
from .catalogue import fill

GOAL_SECONDS: Final = 1.0
STEPS: Final = ("gather", "write_levels", "ranks, nothing written", "write_scores")
COPIED: Final = ", ".join(
    str(field.column) for field in ProductScore._meta.concrete_fields if field.name not in {"id", "version"}
)
SIGNALS = """
INSERT INTO promotions_productsignal (product_id, weight, impressions, clicks, moment)
SELECT id, exp(-ln(random() + 1e-9) * 2), random() * 2000, random() * 60, now() - random() * interval '90 days'
FROM stores_product WHERE random() < 0.8
"""
DAYS = """
INSERT INTO promotions_productengagementdaily
  (day, product_id, impressions, views, clicks, carts, purchases, units, actors)
SELECT current_date - d, id, (random() * 300)::int, 0, 0, 0, (random() * 3)::int, 0, 0
FROM stores_product, generate_series(1, 30) d WHERE random() < 0.2
"""
COSTS = "UPDATE stores_variant SET cost_minor = price_minor * (0.3 + random() * 0.8) WHERE random() < 0.9"


def main() -> None:
    """Seed, compute, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seed(options.products)
    times: dict[str, list[float]] = defaultdict(list)
    worked: dict[str, list[float]] = defaultdict(list)
    watch(times, worked)
    whole, copies = [], []
    for number in range(options.rounds):
        start = time.perf_counter()
        version = services.compute_scores(at=timezone.now() + timedelta(hours=number))
        whole.append(time.perf_counter() - start - times["ranks, nothing written"][-1])
        copies.append(copied(version))
        services.forget_old_scores(keep=3)
    base = median(copies)
    print(f"{version.products_count} products, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name in STEPS:
        print(f"  {name:28} {median(times[name]):6.2f} s, worked {median(worked[name]):.2f} s")
    percentiles = median(map(sum, zip(times["write_levels"], times["ranks, nothing written"], strict=True)))
    print(f"  percentiles                  {percentiles:6.2f} s  (goal {GOAL_SECONDS:.0f})")
    print(f"  whole job, rows and indexes  {median(whole):6.2f} s")
    print(f"  bare copy of as many rows    {base:6.2f} s")
    print(f"  whole job / bare copy        {median(whole) / base:6.2f}")


def seed(products: int) -> None:
    """Signals of four products in five, thirty days of conversions, costs of nine variants in ten."""
    fill(products)
    if ProductSignal.objects.exists():
        return
    with connection.cursor() as cursor:
        for statement in (SIGNALS, DAYS, COSTS):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE")


def watch(times: dict[str, list[float]], worked: dict[str, list[float]]) -> None:
    """Note how long each step takes, and how much of it the server's process worked; rank once more before writing."""
    server = backend(connection)

    def timed(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def run(**values: Any) -> Any:
            start, before = time.perf_counter(), processor_seconds(server)
            answer = step(**values)
            worked[name].append(processor_seconds(server) - before)
            times[name].append(time.perf_counter() - start)
            return answer

        return run

    ranked, written = timed(STEPS[2], rank), timed(STEPS[3], statements.write_scores)

    def rank_then_write(**values: Any) -> Any:
        ranked(**values)
        return written(**values)

    statements.gather = timed(STEPS[0], statements.gather)
    statements.write_levels = timed(STEPS[1], statements.write_levels)
    statements.write_scores = rank_then_write


def rank(*, version: int, at: datetime, policy: ScoringPolicy) -> None:
    """The scores' own statement, read to its end and not written."""
    _insert, _with, ranks = statements._SCORES.partition("WITH worth")
    ranks, _select, _columns = ranks.partition("SELECT %(version)s, product_id")
    seconds = policy.freshness_days * 86_400
    text = f"WITH worth{ranks}SELECT SUM(popularity), SUM(profit) FROM scored"
    statements._run(text, statements._numbers(policy), version=version, at=at, half_life_seconds=seconds)


def copied(version: ScoresVersion) -> float:
    """Seconds of a bare copy of the version; taken away again."""
    with transaction.atomic(), connection.cursor() as cursor:
        other = ScoresVersion.objects.create(policy={}, started_at=version.started_at)
        start = time.perf_counter()
        cursor.execute(
            f"INSERT INTO promotions_productscore (version_id, {COPIED}) "
            f"SELECT %s, {COPIED} FROM promotions_productscore WHERE version_id = %s",
            [other.pk, version.pk],
        )
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    return seconds
