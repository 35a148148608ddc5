"""The whole drain beside the bare statement: caps, suspects, interests, days and repeats included.

    python -m bench drain [--events 100000] [--products 10000] [--actors 20000] [--workers 1]

Fills the inbox with batches of 50 of which a third is sent twice, drains it, checks the totals; then, in the same
minute, the statement that only stores events and adds hours and decayed sums, over as many events.
"""

import argparse
import multiprocessing
import random
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

from django.db import connection, connections
from django.utils import timezone

from marketplace.core.ids import uuid7
from promotions.engagement import inbox
from promotions.engagement.inbox import Said, moment_text
from promotions.engagement.models import EngagementEvent, EngagementHourly
from promotions.engagement.services.draining import drain_events

BATCH = 50
_BARE = Path(__file__).parent / "sql" / "events_bare.sql"
_BARE_STATEMENT = """
WITH said AS (SELECT * FROM bare_inbox WHERE n >= %s AND n < %s),
fresh AS (
  INSERT INTO bare_event (event_id, occurred_at, kind, product_id, actor, amount_minor)
  SELECT event_id, at, kind, product_id, actor, 0 FROM said ORDER BY event_id
  ON CONFLICT DO NOTHING RETURNING occurred_at, kind, product_id),
hours AS (
  INSERT INTO bare_hour AS h (bucket, product_id, kind, n)
  SELECT date_trunc('hour', occurred_at), product_id, kind, count(*) FROM fresh GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
  ON CONFLICT (bucket, product_id, kind) DO UPDATE SET n = h.n + excluded.n)
INSERT INTO bare_decay AS d (product_id, s, t_ref)
SELECT product_id, sum(exp(GREATEST(-40, -1.1e-6 * EXTRACT(EPOCH FROM m - occurred_at)::float8))), m
FROM (SELECT *, max(occurred_at) OVER (PARTITION BY product_id) AS m FROM fresh) f
GROUP BY product_id, m ORDER BY product_id
ON CONFLICT (product_id) DO UPDATE
SET s = d.s * exp(GREATEST(-40, -1.1e-6 * EXTRACT(EPOCH FROM GREATEST(d.t_ref, excluded.t_ref) - d.t_ref)::float8))
      + excluded.s, t_ref = GREATEST(d.t_ref, excluded.t_ref)
"""


def main() -> None:
    """Fill, drain, check, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--actors", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    random.seed(7)
    products = [uuid4() for _ in range(options.products)]
    actors = [uuid4() for _ in range(options.actors)]
    said = fill(options.events, products, actors)
    seconds = drained_in(options.workers)
    counted = sum(EngagementHourly.objects.values_list("count", flat=True))
    stored = EngagementEvent.objects.count()
    suspects = EngagementEvent.objects.filter(is_suspect=True).count()
    assert stored == options.events == counted + suspects, (stored, counted, suspects)
    print(
        f"whole drain, {options.workers} workers: {options.events} new of {said} said in {seconds:.2f} s, "
        f"{options.events / seconds:.0f} new/s, {said / seconds:.0f} said/s"
    )
    bare = bare_in(options.events, products, actors)
    print(f"bare statement: {options.events / bare:.0f} events/s; the whole costs {seconds / bare:.1f} times that")


def fill(events: int, products: list[UUID], actors: list[UUID]) -> int:
    """Batches of 50, a third of them twice; how many events were said."""
    now = timezone.now()
    waiting: list[Said] = []
    for start in range(0, events, BATCH):
        actor = random.choice(actors)
        batch = [_event(products) for _ in range(min(BATCH, events - start))]
        one = Said(actor, actor if random.random() < 0.5 else None, random.random() < 0.02, batch)
        waiting += [one, one] if random.random() < 1 / 3 else [one]
    random.shuffle(waiting)
    for start in range(0, len(waiting), 100):
        inbox.put(waiting[start : start + 100], now)
    return sum(len(each.events) for each in waiting)


def _event(products: list[UUID]) -> dict[str, object]:
    moment = moment_text(timezone.now() - timedelta(seconds=random.random() * 7200))
    # The most popular products get most of the events.
    product = products[int(len(products) * random.random() ** 3)]
    event: dict[str, object] = {
        "id": uuid7().hex,
        "kind": random.choices((1, 2, 3, 4), (60, 25, 10, 5))[0],
        "product": product.hex,
        "occurred": moment,
        "at": moment,
    }
    if random.random() < 0.5:
        event |= {"exposure": uuid4().hex, "position": random.randrange(24)}
    if random.random() < 0.2:
        event["metadata"] = {"page": "home"}
    return event


def drained_in(workers: int) -> float:
    """Seconds until nothing is left."""
    connections.close_all()
    started = time.perf_counter()
    if workers == 1:
        _drain()
    else:
        processes = [multiprocessing.get_context("fork").Process(target=_drain) for _ in range(workers)]
        for each in processes:
            each.start()
        for each in processes:
            each.join()
    return time.perf_counter() - started


def _drain() -> None:
    drain_events(at=timezone.now())


def bare_in(events: int, products: list[UUID], actors: list[UUID]) -> float:
    """Seconds of the bare statement over as many events, five thousand at a time."""
    with connection.cursor() as cursor:
        cursor.execute(_BARE.read_text())
        cursor.execute(
            "INSERT INTO bare_inbox SELECT n, gen_random_uuid(), now() - random() * interval '2 hours', "
            "1 + (random() * 3)::int, (%s * random() ^ 3)::bigint, (%s * random())::bigint "
            "FROM generate_series(0, %s) n",
            [len(products), len(actors), events - 1],
        )
        started = time.perf_counter()
        for start in range(0, events, 5_000):
            cursor.execute(_BARE_STATEMENT, [start, start + 5_000])
        return time.perf_counter() - started
